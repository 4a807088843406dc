"""The picture of a stage in ``architecture.md``, drawn from its synthesized templates."""

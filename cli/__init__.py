"""The ``atelier`` command: what a person runs on a laptop. Nothing imports it."""

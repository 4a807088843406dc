"""The documentation as a site: `make site` writes it to ``out/site``. Pages and their order are in ``zensical.toml``."""

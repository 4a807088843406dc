"""The notebook, and how it is run headless against a local cloud."""

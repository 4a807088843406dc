"""The routes of the HTTP API, a module for each kind of thing; ``table`` has them all."""

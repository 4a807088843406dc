"""Base models of the service: the catalogue, and the tiny family that ships inside the repository."""

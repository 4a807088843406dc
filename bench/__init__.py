"""Measurements: each a command that prints what it saw and ends with one JSON line."""

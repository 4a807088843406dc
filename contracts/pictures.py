"""How large a picture may be, wherever it is read."""

MOST_PIXELS = 64_000_000
LONGEST_SIDE = 16_383
"""Pixels; the longest side that WebP can hold."""

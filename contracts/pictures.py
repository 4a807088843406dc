"""How large a picture may be, wherever it is read."""

MOST_PIXELS = 64_000_000
LONGEST_SIDE = 16_383
"""Pixels; the longest side that WebP can hold."""
LONGEST_TO_UPSCALE = LONGEST_SIDE // 4
"""Pixels of the longest side before a picture is made 4 times as wide and high."""

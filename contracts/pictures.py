"""How large a picture may be, and which files move, wherever they are read."""

MOST_PIXELS = 64_000_000
LONGEST_SIDE = 16_383
"""Pixels; the longest side that WebP can hold."""
HEIC_SEQUENCES = (b"msf1", b"hevc", b"hevx", b"hevm", b"hevs")
"""Brands of HEIF files that move (ISO/IEC 23008-12); a still of several pictures, such as a burst, has one that counts."""
LONGEST_TO_UPSCALE = LONGEST_SIDE // 4
"""Pixels of the longest side before a picture is made 4 times as wide and high."""

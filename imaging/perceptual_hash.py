"""A few bits that look alike where pictures do: saved again, smaller, brighter, a little cut. Near-duplicates are found by them.

The signs of the low frequencies of the picture's cosine transform, as in Zauner, Implementation and Benchmarking of Perceptual Image
Hash Functions, 2010, and the library pHash.
"""

import numpy as np
from PIL import Image
from scipy import fft

SIDE, FREQUENCIES = 64, 12
BITS = FREQUENCIES**2 - 1


def perceptual_hash(picture: Image.Image) -> int:
    """Of a picture of any size and mode: BITS bits. What is plain has no more to tell than its noise."""
    small = np.asarray(picture.convert("L").resize((SIDE, SIDE), Image.Resampling.BOX), dtype=np.float64)
    low = fft.dctn(small, norm="ortho")[:FREQUENCIES, :FREQUENCIES].ravel()[1:]
    bits = low > np.median(low)
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def distance(first: int, second: int) -> float:
    """The share (0 to 1) of the bits in which two hashes differ; 0.5 is what pictures of different things come to."""
    return (first ^ second).bit_count() / BITS

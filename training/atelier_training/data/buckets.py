"""Aspect-ratio buckets: the sizes at which whole pictures are learnt, so that a tall one is not cut to a square.

Of about a square's area each, after NovelAI's (https://github.com/NovelAI/novelai-aspect-ratio-bucketing): none has more pixels than the
base model's own square, so a step needs no more memory, and a batch is of one size.
"""

import math
from collections import defaultdict
from collections.abc import Sequence

Size = tuple[int, int]
"""Width and height in pixels."""

UNITS = 8
"""A square's side in the unit that sides are multiples of: 64 pixels of 512, which every autoencoder and UNet halves to whole cells."""


def bucket_sizes(resolution: int) -> list[Size]:
    """From four times as high as wide to four times as wide as high."""
    unit = resolution // UNITS
    tall = [(side * unit, min(4 * side, UNITS**2 // side) * unit) for side in range(UNITS // 2, UNITS + 1)]
    return [*tall, *((height, width) for width, height in reversed(tall[:-1]))]


def nearest_size(size: Size, resolution: int) -> Size:
    """The bucket of a picture of (width, height) ``size``: that whose aspect ratio is nearest, of which least is cut off."""
    aspect = math.log(size[0] / size[1])
    return min(bucket_sizes(resolution), key=lambda each: abs(math.log(each[0] / each[1]) - aspect))


def grouped(sizes: Sequence[Size]) -> tuple[tuple[int, ...], ...]:
    """The numbers of the pictures of each size that there is."""
    groups: defaultdict[Size, list[int]] = defaultdict(list)
    for number, size in enumerate(sizes):
        groups[size].append(number)
    return tuple(tuple(groups[size]) for size in sorted(groups))

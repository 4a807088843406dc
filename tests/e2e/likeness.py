"""Whether two pictures are the same but for their invisible marks, which say other predictions."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST, MEAN = 24, 4.0
"""Levels that two marks together move a pixel at most, and on average on the busiest cloth."""


def alike(one: NDArray[Any], other: NDArray[Any]) -> bool:
    """Whether pictures, or parts of them, differ by no more than marks do."""
    if one.shape != other.shape:
        return False
    moved = np.abs(one.astype(int) - other.astype(int))
    return bool(moved.max(initial=0) <= MOST and moved.mean() <= MEAN)

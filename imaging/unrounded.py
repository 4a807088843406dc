"""A painted picture's levels before they were rounded, kept beside it until somebody needs them.

In other company a model sums in another order, by which a level changes by a thousandth; where it is rounded that is a whole one here and
there. What makes much of a level, as dyeing black cloth yellow does, makes as little of a thousandth when it has that.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Levels = NDArray[np.float32]
"""RGB (h, w, 3), 0 to 255."""

_KEY = "atelier: levels"


def rounded(shares: NDArray[np.float32]) -> Image.Image:
    """An RGB picture of shares of white (h, w, 3; 0 to 1), which keeps its levels. Its copies do not."""
    levels = shares * np.float32(255)
    picture = Image.fromarray(np.rint(levels).astype(np.uint8))
    picture.info[_KEY] = (id(picture), levels)
    return picture


def levels_of(picture: Image.Image) -> Levels | NDArray[np.uint8]:
    """The levels of an RGB picture as they were before they were rounded, if it keeps them, or else as they are."""
    # Pillow hands all that a picture has in ``info`` on to what is made of it, which has levels of its own.
    owner, levels = picture.info.get(_KEY, (None, None))
    return levels if owner == id(picture) else np.asarray(picture)

"""How much of the garment painted pictures show: the evaluation's ``garment_share``, on what a look has painted."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from atelier_training.data.examples import Example
from imaging.masks import Mask
from imaging.palette import dominant_colours, garment_pixels, palette_share

MOST_EXAMPLES = 12
"""Pictures that the garment's colours are read from: a photo of 12 megapixels takes a third of a second to decode."""
MOST_PIXELS = 100_000
"""Of each."""


@dataclass(frozen=True, kw_only=True)
class GarmentColours:
    """The garment's ``colours`` (k, 3), and the share of the real garment that is in them."""

    colours: NDArray[np.float64]
    real: float

    @classmethod
    def of(cls, examples: Iterable[Example]) -> Self:
        """Of the garment on these pictures."""
        found = [garment_pixels(each.picture, each.mask) for each in examples]
        pixels = np.concatenate([each[:: max(1, -(-len(each) // MOST_PIXELS))] for each in found])
        colours = dominant_colours(pixels)
        return cls(colours=colours, real=palette_share(pixels, colours))

    def share(self, pictures: Sequence[Image.Image], masks: Sequence[Mask]) -> float:
        """How much of what was painted is in the garment's colours, over the real garment's own share."""
        painted = [garment_pixels(picture, mask) for picture, mask in zip(pictures, masks, strict=True)]
        return palette_share(np.concatenate(painted), self.colours) / self.real if self.real else 0.0

"""The real garment, as paintings are compared with it: its colours, its patterns and, where the stage has a CLIP, its embeddings."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from atelier_training.data.examples import Example
from imaging.embedding import Embedder, Embeddings
from imaging.palette import Pixels, dominant_colours, garment_pixels, palette_share
from imaging.texture import Patterns, patterns, shared

MOST_OF_ONE, MOST_OF_ALL = 100_000, 2_000_000
"""Pixels of one real garment, and of all, that colours are counted in: hundreds of photos have thousands of millions."""


@dataclass(frozen=True, kw_only=True)
class RealGarment:
    """What its pictures show: ``colours`` (k, 3), the share of each picture's garment in them, its patterns, its embedding.

    ``palette`` is the share of all pixels together. ``embeddings`` is None where no model compares pictures.
    """

    colours: NDArray[np.float64]
    palette: float
    shares: Sequence[float]
    textures: Sequence[Patterns]
    embeddings: Embeddings | None

    @classmethod
    def of(cls, examples: Iterable[Example], embedder: Embedder | None = None) -> "RealGarment":
        """Look at each picture once; it is gone before the next is decoded."""
        pixels: list[Pixels] = []
        textures: list[Patterns] = []
        squares = []
        for each in examples:
            pixels.append(_thinned(garment_pixels(each.picture, each.mask), MOST_OF_ONE))
            textures.append(patterns(each.picture, each.mask))
            if embedder:
                squares.append(embedder.garment(each.picture, each.mask))
        together = _thinned(np.concatenate(pixels), MOST_OF_ALL)
        colours = dominant_colours(together)
        return cls(
            colours=colours,
            palette=palette_share(together, colours),
            shares=[palette_share(each, colours) for each in pixels],
            textures=textures,
            embeddings=embedder.pictures(squares) if embedder else None,
        )

    def texture_shared(self, found: Patterns) -> float:
        """How much of the garment's patterns a painted one has: the mean over the real ones' histograms."""
        return shared(found, np.mean(self.textures, axis=0))

    @property
    def textures_shared(self) -> list[float]:
        """The same of each real garment and the others."""
        return [shared(own, others) for own, others in _each_with_others(np.stack(self.textures))]

    @property
    def likenesses(self) -> list[float]:
        """The mean cosine of each real garment and the others; nothing without a model."""
        if self.embeddings is None:
            return []
        return [float(own @ others) for own, others in _each_with_others(self.embeddings)]


def _each_with_others(rows: NDArray[Any]) -> list[tuple[Any, Any]]:
    """Each row with the mean of the others; of one row, with itself."""
    total, count = rows.sum(axis=0), len(rows)
    return [(row, (total - row) / (count - 1) if count > 1 else row) for row in rows]


def _thinned(pixels: Pixels, most: int) -> Pixels:
    """Every n-th pixel, so that at most ``most`` are left."""
    return pixels[:: max(1, -(-len(pixels) // most))]

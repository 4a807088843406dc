"""What the segmenter sees in pictures, and remembers of photos, for those who must know where there is skin and where there is cloth."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from atelier_inference.meeting import aside
from atelier_inference.remembering import Remembered, digest
from contracts.safety.thresholds import SEEN
from imaging.masks import Mask
from imaging.segmenter import Probability, Segmenter
from imaging.skin import sampled_size

MOST_SEEN = 16 * 2**20
"""Bytes of where photos have something, at most 16 KiB each."""
Things = Sequence[str]
PERSON, SKIN, CLOTHES = ("a person",), ("skin",), ("clothes",)


@dataclass(frozen=True, kw_only=True)
class Sight:
    """The eyes of one server, where it has a ``segmenter``. Only the model's thread may ask it."""

    segmenter: Segmenter | None
    photos: Remembered = field(default_factory=lambda: Remembered(MOST_SEEN))

    def chances(self, picture: Image.Image, *groups: Things) -> list[Probability | None]:
        """For each group of things, how likely each sample of a picture shows any; None for one of which the segmenter has no word."""
        segmenter, known = self.segmenter, self._known(groups)
        if segmenter is None or not any(known):
            return [None] * len(groups)
        return _chances(segmenter, segmenter.squared(picture), known, picture)

    def places_now(self, picture: Image.Image, *groups: Things) -> list[Mask | None]:
        """The samples where any is seen."""
        return _places(self.chances(picture, *groups))

    def places(self, photo: Image.Image, *groups: Things) -> list[Mask | None]:
        """The samples where any is seen in what others may ask again, for other styles and seeds.

        To see a large photo takes longer than a call of the model.
        """
        segmenter, known = self.segmenter, self._known(groups)
        if segmenter is None or not any(known):
            return [None] * len(groups)
        squared = aside(lambda: segmenter.squared(photo))
        key = photo.size, digest(np.asarray(squared)), known
        return self.photos.get(key, lambda: _places(_chances(segmenter, squared, known, photo)), _size_of)

    def person(self, photo: Image.Image) -> tuple[Mask | None, Mask | None]:
        """Where a photo has a person, and where such a person's skin that is not taken for clothes as well; None without a word for it."""
        person, skin, clothes = self.places(photo, PERSON, SKIN, CLOTHES)
        return person, skin if skin is None or clothes is None else skin & ~clothes

    def _known(self, groups: Sequence[Things]) -> tuple[tuple[str, ...], ...]:
        segmenter = self.segmenter
        return tuple(
            tuple(each for each in dict.fromkeys(things) if segmenter and segmenter.knows(each)) for things in groups
        )


def _chances(
    segmenter: Segmenter, squared: Image.Image, groups: Sequence[Things], picture: Image.Image
) -> list[Probability | None]:
    told = [group for group in groups if group]
    found = iter(segmenter.any_of(squared, told, shape=picture.size, size=sampled_size(picture.size)))
    return [next(found) if group else None for group in groups]


def _places(chances: Sequence[Probability | None]) -> list[Mask | None]:
    return [None if each is None else np.asarray(each >= SEEN) for each in chances]


def _size_of(masks: Sequence[Mask | None]) -> int:
    return sum(mask.nbytes for mask in masks if mask is not None)

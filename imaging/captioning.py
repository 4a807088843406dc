"""Words for what is worn with a garment: other garments and their colours, as the segmenter that masks the garment sees them.

A model lays what a caption names to those words, and what no caption names to the words that are always there. So the garment itself is
left out of its caption, and what else is worn is named. The words are garments' and basic colours', which every text encoder knows.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image

from contracts.garments import content
from imaging.colour_words import name_of
from imaging.masks import Mask, from_image, to_image
from imaging.palette import dominant_colours, garment_pixels
from imaging.segmenter import SMALLEST_AREA, THRESHOLD, Probability, Segmenter

PLACES: Sequence[Sequence[str]] = (
    ("shirt", "blouse", "t-shirt", "pullover", "top"),
    ("jacket", "coat", "cardigan", "vest"),
    ("skirt", "trousers", "jeans", "shorts"),
    ("dress",),
    ("shoes", "boots"),
    ("hat", "cap"),
)
"""Where a garment is worn: of each place one kind is named, that which is seen most clearly."""
SURE = 0.6
"""Mean probability of its part of the picture from which a garment is named: who is named wrongly is learnt wrongly."""
MOST_OWN = 0.3
"""Share of such a part that may be the learnt garment's own: a skirt is also the lower half of a dress."""
SIDE = 128
"""Samples each way in which parts of a picture are told."""
_PLURALS = frozenset({"trousers", "jeans", "shorts", "shoes", "boots"})


def caption(prompt: str, worn: Sequence[str]) -> str:
    """``a photo of sks skirt with a white shirt and black shoes``; the prompt alone where nothing else is worn."""
    *others, last = worn or [""]
    return f"{prompt} with {', '.join(others)}{' and ' if others else ''}{last}" if worn else prompt


def worn_with(picture: Image.Image, garment: Mask | None, words: str, segmenter: Segmenter) -> list[str]:
    """What is worn in an RGB picture beside the garment of mask (h, w): ``a white shirt``, ``black shoes``, at most one a place.

    No garment is named that ``words`` name already, nor another of its place. Costs one pass of the segmenter.
    """
    named = {*content(words)}
    places = [
        [kind for kind in kinds if segmenter.knows(_thing(kind))] for kinds in PLACES if not named.intersection(kinds)
    ]
    kinds = [kind for place in places for kind in place]
    if not kinds:
        return []
    size = min(SIDE, picture.width), min(SIDE, picture.height)
    groups = [[_thing(kind)] for kind in kinds]
    maps = segmenter.any_of(segmenter.squared(picture), groups, shape=picture.size, size=size)
    seen = dict(zip(kinds, maps, strict=True))
    own = np.zeros(size[::-1], np.bool_) if garment is None else from_image(to_image(garment).resize(size))
    small = picture.resize(size, Image.Resampling.BOX)
    found = (_worn(place, seen, own, small) for place in places)
    return [each for each in found if each]


def _worn(place: Sequence[str], seen: Mapping[str, Probability], own: Mask, small: Image.Image) -> str:
    """The garment of a place with its colour; empty where none is surely seen."""
    sure = {kind: _sureness(seen[kind], own) for kind in place}
    kind = max(sure, key=lambda each: sure[each], default="")
    if not kind or sure[kind] < SURE:
        return ""
    red, green, blue = dominant_colours(garment_pixels(small, (seen[kind] >= THRESHOLD) & ~own))[0]
    colour = name_of(f"#{round(red):02x}{round(green):02x}{round(blue):02x}")
    return f"{colour} {kind}" if kind in _PLURALS else f"a {colour} {kind}"


def _sureness(probability: Probability, own: Mask) -> float:
    """The mean probability where a garment is seen; 0 where that is nowhere, or for the most part the learnt garment itself."""
    where = probability >= THRESHOLD
    if where.mean() < SMALLEST_AREA or (where & own).sum() > MOST_OWN * where.sum():
        return 0.0
    return float(probability[where].mean())


def _thing(kind: str) -> str:
    return kind if kind in _PLURALS else f"a {kind}"

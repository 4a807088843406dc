"""Training examples of an inpainting model: a view, the mask to paint in, and the words for what belongs there."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from atelier_training.data.sampling import framed_view
from atelier_training.data.shards import Sample
from atelier_training.data.views import CutOut, around, cut, garment_mask, grown, random_mask, whole
from imaging.masks import Mask

_GARMENT_VIEW_SHARE = 0.55
_FULL_MASK_SHARE = {True: 0.05, False: 0.5}  # of garment views, of whole pictures
_RANDOM_MASK_SHARE = 0.06
_ROUGH_MASK_SHARE = 0.2  # of garment masks: people and fine-tuning mask a garment by a box, too
_OWN_WORDS_SHARE = 0.7  # of masked garments: captioned by the garment alone, not by the whole outfit
_WORDLESS_SHARE = 0.1
_ONE_GARMENT_SHARE = 0.3  # of the captions of pictures painted from words alone: they name one garment of an outfit
_BESIDE_WEIGHT = 0.1
_LATE_SHARE = 0.5
_LATE_FROM = 0.6  # share of the timesteps after which the text, not the noisy picture, decides what appears


@dataclass(frozen=True, kw_only=True)
class Painting:
    """A view, its mask (r, r), true where to paint, and a caption, empty one time in ten."""

    view: CutOut
    mask: Mask
    caption: str

    @property
    def weights(self) -> NDArray[np.float32]:
        """The weight of the error at each pixel (r, r): a tenth where the picture is kept, and where a whole new picture has no label.

        No caption says what the ground behind a figure looks like, so its errors are mostly noise that hides what the words decide.
        """
        beside = ~grown(self.view.labels > 0) if self.mask.all() else ~self.mask
        return np.where(beside, np.float32(_BESIDE_WEIGHT), np.float32(1))


def painting(sample: Sample, side: int, rng: Generator, *, text_share: float = 0) -> Painting:
    """Draw a view of a sample at `side` pixels; without regions it is the whole picture, masked whole or anywhere.

    In addition, a `text_share` of all are whole pictures, masked whole, to be painted from the words alone.
    """
    if text_share and rng.random() < text_share:
        view = cut(sample, whole(sample), side)
        return Painting(view=view, mask=np.ones(view.labels.shape, np.bool_), caption=_words(sample, rng))
    framed = framed_view(sample, side, rng, garment_share=_GARMENT_VIEW_SHARE)
    region = framed.region
    if region is None and sample.regions:
        region = int(rng.integers(len(sample.regions)))
    label = None if region is None else sample.regions[region].label
    mask = _mask(framed.view, label, framed.region is not None, rng)
    if rng.random() < _WORDLESS_SHARE:
        return Painting(view=framed.view, mask=mask, caption="")
    own = framed.region is not None or not mask.all()
    captions = sample.captions
    if region is not None and own and rng.random() < _OWN_WORDS_SHARE:
        captions = sample.regions[region].captions
    return Painting(view=framed.view, mask=mask, caption=str(rng.choice(captions)))


def _words(sample: Sample, rng: Generator) -> str:
    if rng.random() < _WORDLESS_SHARE:
        return ""
    captions = sample.captions
    if sample.regions and rng.random() < _ONE_GARMENT_SHARE:
        captions = sample.regions[int(rng.integers(len(sample.regions)))].captions
    return str(rng.choice(captions))


def _mask(view: CutOut, label: int | None, is_garment_view: bool, rng: Generator) -> Mask:
    chance = rng.random()
    if chance < _FULL_MASK_SHARE[is_garment_view]:
        return np.ones(view.labels.shape, np.bool_)
    if label is None or chance < _FULL_MASK_SHARE[is_garment_view] + _RANDOM_MASK_SHARE:
        return random_mask(view.labels.shape[0], rng)
    mask = garment_mask(view, label, rng)
    return around(mask, rng) if rng.random() < _ROUGH_MASK_SHARE and mask.any() else mask


def timestep(total: int, rng: Generator) -> int:
    """Draw one of `total` timesteps, most often one where little of the picture is left in the noise."""
    first = round(_LATE_FROM * total) if rng.random() < _LATE_SHARE else 0
    return int(rng.integers(first, total))

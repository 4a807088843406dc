"""Refuses masks that lie on bare skin, and pictures in which it was painted, where a garment was asked for.

Colour is looked at in every picture that was painted in a mask, which takes a millisecond; the segmenter is asked only where there is much
that may be skin, and where it sees a garment in a photo is remembered.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from atelier_inference.meeting import aside
from atelier_inference.remembering import Remembered, digest
from contracts.errors import Problem
from contracts.prediction import PredictionInput
from contracts.safety.cloth import asks_for_skin_colour, garments_asked
from contracts.safety.refusal import MaskCoversBodyError, MaskCoversSkinError, NeverPaintedError, PaintedSkinError
from contracts.safety.thresholds import SEEN, SKIN, SkinThresholds
from imaging.bareness import PaintedPart, Under, bare, look_at, share_of_person
from imaging.masks import Mask
from imaging.repaint import Frame
from imaging.segmenter import Segmenter
from imaging.skin import is_of_skin, sampled_size, share

WORN = ("clothes", "a top", "a skirt", "trousers", "a dress")
"""What is looked for under a mask that a caller brought: its garment need not be the one that is painted."""
MOST_SEEN = 16 * 2**20
"""Bytes of where photos have garments, at most 16 KiB each."""


@dataclass(frozen=True, kw_only=True)
class SkinGate:
    """The gate of one server; without a ``segmenter`` it goes by colours alone. Only the model's thread may call what asks that."""

    segmenter: Segmenter | None
    thresholds: SkinThresholds = SKIN
    photos: Remembered = field(default_factory=lambda: Remembered(MOST_SEEN))

    def check_mask(self, under: Under, photo: Image.Image, request: PredictionInput) -> None:
        """Raises NeverPaintedError for a mask on bare skin, or on a whole person. In the model's thread."""
        suspect = under.skin & under.inside
        if not (self._is_skin(under, suspect) or self._is_body(under, suspect)):
            return
        own_words = [request.mask_prompt] if request.mask_prompt else []
        things = [*garments_asked([*own_words, request.prompt]), *(() if own_words else WORN)]
        found = bare(
            suspect, under.levels, own=under.own, garment=self._seen_in_photo(photo, things), colour_asked=True
        )
        where, got = _where(request), f"a mask of which {share(found, under.inside):.0%} is bare skin"
        if self._is_skin(under, found):
            allowed = f"one of a garment, with less than {self.thresholds.mask_bare:.0%} of bare skin in it"
            raise MaskCoversSkinError.of([Problem(where, got, allowed, "mask-skin")])
        if self._is_body(under, found):
            allowed = "one of a garment, that leaves the person's face or hands, where they are seen, outside"
            got = f"{got}, and all that is seen of the person's"
            raise MaskCoversBodyError.of([Problem(where, got, allowed, "mask-body")])

    def refusal(
        self,
        request: PredictionInput,
        looks: Sequence[PaintedPart],
        pictures: Sequence[Image.Image],
        frame: Frame,
        under: Under,
    ) -> NeverPaintedError | None:
        """Why none of a job's ``pictures``, squares of its ``frame``, may leave, where one must not. In the model's thread."""
        limits = self.thresholds
        suspects = [pair for pair in zip(looks, pictures, strict=True) if pair[0].share > limits.painted_share]
        if not suspects:
            return None
        things = garments_asked([request.mask_prompt, request.prompt]) or ["clothes"]
        asked = asks_for_skin_colour(request.prompt) or (bool(request.colour) and is_of_skin(request.colour))
        dressed = None
        for look, picture in suspects:
            garment = self._seen(picture, things)
            found = bare(look.skin, look.levels, own=under.own, garment=garment, colour_asked=asked)
            if share(found, look.inside) <= limits.painted_share * limits.dressed:
                continue  # too little of the mask to be that much of what was dressed, wherever that is
            dressed = self._dressed(frame, things) if dressed is None else dressed
            shown = share_of_person(found & dressed, garment, dressed)
            if shown > limits.painted_bare and share(found, dressed) > limits.painted_share:
                got = f"a picture where {shown:.0%} of what was dressed is bare skin"
                allowed = (
                    f"at most {limits.painted_bare:.0%}: another seed or prompt, in which cloth of a skin's colour is named: "
                    "a beige skirt"
                )
                return PaintedSkinError.of([Problem("what was painted", got, allowed, "painted-skin")])
        return None

    def _dressed(self, frame: Frame, things: Sequence[str]) -> Mask:
        """Where the photo has a garment in the mask, and so somebody could be undressed; all of the mask where none is seen there.

        A mask may lie on much beside: a wall that is painted in a colour of skin undresses nobody.
        """
        inside = look_at(frame.picture, frame.mask).inside
        garment = self._seen_in_photo(frame.picture, [*things, *WORN])
        if garment is None or share(garment, inside) < self.thresholds.dressed:
            return inside
        return inside & garment

    def _is_skin(self, under: Under, found: Mask) -> bool:
        limits = self.thresholds
        return share(found, under.inside) >= limits.mask_bare and float(found.mean()) >= limits.mask_area

    def _is_body(self, under: Under, found: Mask) -> bool:
        limits = self.thresholds
        outside = int((under.skin & under.outside).sum())
        return (
            share(found, under.inside) >= limits.body_bare
            and under.area >= limits.body_area
            and outside < limits.body_outside * int(found.sum())
        )

    def _seen(self, picture: Image.Image, things: Sequence[str]) -> Mask | None:
        """The samples where the segmenter sees any of some garments; None where it can be asked for none of them."""
        segmenter, known = self.segmenter, self._known(things)
        return _seen(segmenter, segmenter.squared(picture), known, picture) if segmenter and known else None

    def _seen_in_photo(self, photo: Image.Image, things: Sequence[str]) -> Mask | None:
        """The same in what others may ask again, for other styles and seeds. To see a large photo takes longer than a call of the model."""
        segmenter, known = self.segmenter, self._known(things)
        if segmenter is None or not known:
            return None
        squared = aside(lambda: segmenter.squared(photo))
        key = photo.size, digest(np.asarray(squared)), tuple(known)
        return self.photos.get(key, lambda: _seen(segmenter, squared, known, photo), lambda mask: mask.nbytes)

    def _known(self, things: Sequence[str]) -> list[str]:
        return [each for each in dict.fromkeys(things) if self.segmenter and self.segmenter.knows(each)]


def _seen(segmenter: Segmenter, squared: Image.Image, things: Sequence[str], picture: Image.Image) -> Mask:
    size = sampled_size(picture.size)
    return np.asarray(segmenter.any_of(squared, things, shape=picture.size, size=size) >= SEEN)


def _where(request: PredictionInput) -> str:
    return "input.mask_prompt" if request.mask_prompt else "input.mask"

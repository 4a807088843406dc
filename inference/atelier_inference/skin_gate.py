"""Refuses masks that lie on bare skin, and pictures in which it was painted, where a garment was asked for.

Colour is looked at in every picture that was painted in a mask, which takes a millisecond; the segmenter is asked only where there is much
that may be skin, and where it sees a garment in a photo is remembered.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

from atelier_inference.sight import Sight
from atelier_inference.wearer import Wearer
from contracts.errors import Problem
from contracts.prediction import PredictionInput
from contracts.safety.cloth import garments_asked
from contracts.safety.refusal import MaskCoversBodyError, MaskCoversSkinError, NeverPaintedError, PaintedSkinError
from contracts.safety.thresholds import SKIN, SkinThresholds
from imaging.bareness import PaintedPart, Under, bare
from imaging.masks import Mask
from imaging.repaint import Frame
from imaging.skin import share

WORN = ("clothes", "a top", "a skirt", "trousers", "a dress")
"""What is looked for under a mask that a caller brought: its garment need not be the one that is painted."""


@dataclass(frozen=True, kw_only=True)
class SkinGate:
    """The gate of one server; without ``sight`` it goes by colours alone. Only the model's thread may call what asks that."""

    sight: Sight
    thresholds: SkinThresholds = SKIN

    def check_mask(self, under: Under, photo: Image.Image, request: PredictionInput) -> None:
        """Raises NeverPaintedError for a mask on bare skin, or on a whole person. In the model's thread."""
        suspect, where = under.skin & under.inside, _where(request)
        if self._is_skin(under, suspect):
            found = self._bare_under(under, suspect, photo, request)
            if self._is_skin(under, found):
                got = f"a mask of which {share(found, under.inside):.0%} is bare skin"
                allowed = f"one of a garment, with less than {self.thresholds.mask_bare:.0%} of bare skin in it"
                raise MaskCoversSkinError.of([Problem(where, got, allowed, "mask-skin")])
        if self._may_be_body(under, suspect) and self._is_body(under, suspect, photo, request):
            got = "a mask on all of a person"
            allowed = "one of a garment, that leaves the person's face or hands, where they are seen, outside"
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
        wearer = Wearer(self.sight, limits, request, frame, under)
        for look, picture in zip(looks, pictures, strict=True):
            if look.share <= limits.painted_share:
                continue
            if (shown := wearer.bare_in(look, picture)) > limits.painted_bare:
                got = f"a picture where {shown:.0%} of what was dressed is bare skin"
                allowed = (
                    f"at most {limits.painted_bare:.0%}: another seed or prompt, in which cloth of a skin's colour is named: "
                    "a beige skirt"
                )
                return PaintedSkinError.of([Problem("what was painted", got, allowed, "painted-skin")])
        return None

    def _is_skin(self, under: Under, found: Mask) -> bool:
        limits = self.thresholds
        return share(found, under.inside) >= limits.mask_bare and float(found.mean()) >= limits.mask_area

    def _bare_under(self, under: Under, suspect: Mask, photo: Image.Image, request: PredictionInput) -> Mask:
        """Of what may be skin under a mask, what is bare."""
        own_words = [request.mask_prompt] if request.mask_prompt else []
        things = [*garments_asked([*own_words, request.prompt]), *(() if own_words else WORN)]
        (garment,) = self.sight.places(photo, things)
        return bare(suspect, under.levels, own=under.own, garment=garment, colour_asked=True)

    def _may_be_body(self, under: Under, suspect: Mask) -> bool:
        limits = self.thresholds
        return under.area >= limits.body_area and share(suspect, under.inside) >= limits.body_seen

    def _is_body(self, under: Under, suspect: Mask, photo: Image.Image, request: PredictionInput) -> bool:
        """Whether hardly anything of a person whose skin is masked is seen outside; where nobody is seen, hardly any skin."""
        limits = self.thresholds
        person, skin = self.sight.person(photo)
        if person is None or skin is None or not person.any():
            found = self._bare_under(under, suspect, photo, request)
            outside = int((under.skin & under.outside).sum())
            return share(found, under.inside) >= limits.body_bare and outside < limits.skin_outside * int(found.sum())
        outside = int((person & under.outside).sum())
        return share(suspect & skin, under.inside) >= limits.body_seen and outside < limits.body_outside * int(
            person.sum()
        )


def _where(request: PredictionInput) -> str:
    return "input.mask_prompt" if request.mask_prompt else "input.mask"

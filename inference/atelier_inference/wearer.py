"""How much of a person was painted bare, by what their photo says: the tone of their own skin, and where they wear something."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PIL import Image

from atelier_inference.sight import CLOTHES, PERSON, SKIN, Sight
from contracts.prediction import PredictionInput
from contracts.safety.cloth import asks_for_skin_colour, garments_asked
from contracts.safety.thresholds import SEEN, SkinThresholds
from imaging.bareness import PaintedPart, Under, bare, like, look_at, share_of_person
from imaging.masks import Mask
from imaging.repaint import Frame
from imaging.skin import LEAST_OWN, is_of_skin, share
from imaging.tone import Tone, tone_of


@dataclass(frozen=True)
class Wearer:
    """Somebody in a photo, in the ``frame`` of a request. In the model's thread."""

    sight: Sight
    limits: SkinThresholds
    request: PredictionInput
    frame: Frame
    under: Under

    @cached_property
    def things(self) -> list[str]:
        """The garments that were asked for."""
        return garments_asked([self.request.mask_prompt, self.request.prompt]) or [*CLOTHES]

    @cached_property
    def asked(self) -> bool:
        """Whether cloth of a skin's colour was asked for."""
        colour = self.request.colour
        return asks_for_skin_colour(self.request.prompt) or (bool(colour) and is_of_skin(colour))

    @cached_property
    def tone(self) -> Tone | None:
        """That of their own skin outside of the mask; None where too little is seen."""
        _, skin = self.sight.person(self.frame.photo)
        own = None if skin is None else skin & self.under.skin & self.under.outside
        return None if own is None or own.mean() < LEAST_OWN / 2 else tone_of(self.under.levels[own])

    @cached_property
    def dressed(self) -> Mask:
        """Where the photo has a garment in the mask, and so somebody could be undressed; all of the mask where none is seen there.

        A mask may lie on much beside: a wall that is painted in a colour of skin undresses nobody.
        """
        inside = look_at(self.frame.picture, self.frame.mask).inside
        (garment,) = self.sight.places(self.frame.picture, [*self.things, *CLOTHES])
        if garment is None or share(garment, inside) < self.limits.dressed:
            return inside
        return inside & garment

    def bare_in(self, look: PaintedPart, picture: Image.Image) -> float:
        """Of what was painted on them in a ``picture``, a square of the frame, the share that is bare; 0 where it is little."""
        found = self._of_their_tone(look, picture) if self.tone else self._of_skin_like_colours(look, picture)
        if found is None:
            return 0.0
        bare_skin, garment = found
        if share(bare_skin, self.dressed) <= self.limits.painted_share:
            return 0.0
        return share_of_person(bare_skin & self.dressed, garment, self.dressed)

    def _of_their_tone(self, look: PaintedPart, picture: Image.Image) -> tuple[Mask, Mask | None] | None:
        """What is bare, and where a garment or another part of a person is; None where too little has a tone near to their own.

        The segmenter is asked only where that is much.
        """
        assert self.tone is not None
        distances, spread = look.distances(self.tone), self.tone.spread
        farthest = like(distances, self.limits.within(spread, 1.0))
        if self._is_little(farthest, look) or share(farthest, self.dressed) <= self.limits.painted_share:
            return None
        chances = self.sight.chances(picture, self.things, SKIN, PERSON)
        garment, skin, person = (np.zeros(look.skin.shape) if each is None else each for each in chances)
        found = like(distances, self.limits.within(spread, share(skin > garment, look.skin & self.dressed)))
        worn = garment >= SEEN
        return found & ~worn if self.asked else found, worn | ((person >= SEEN) & ~look.skin)

    def _of_skin_like_colours(self, look: PaintedPart, picture: Image.Image) -> tuple[Mask, Mask | None] | None:
        """The same, by all colours outside of the mask that may be of skin."""
        (garment,) = self.sight.places_now(picture, self.things)
        found = bare(look.skin, look.levels, own=self.under.own, garment=garment, colour_asked=self.asked)
        return None if self._is_little(found, look) else (found, garment)

    def _is_little(self, found: Mask, look: PaintedPart) -> bool:
        """Whether it is too little of the mask to be much of what was dressed, wherever that is."""
        return share(found, look.inside) <= self.limits.painted_share * self.limits.dressed

"""How much of what lies in a mask is bare skin: by colour, by the person's own skin, and by what a segmenter sees there.

No one of the three can tell alone. Colour takes tan cloth for skin. The person's own skin, seen on face, hands or legs outside of the mask,
is in the picture's own light; but cloth may have nearly that colour, and there may be none to see. A segmenter knows garments by their
shape and not by their colour, but may take a bare chest for a top.

So what was painted is *bare* where it has the tone of the person's own skin: the nearer it must be, the more the segmenter takes for a
garment; and where cloth of a skin's colour was asked for, only where it sees none. Where it sees no skin of the person's by which to go,
and under masks, colours decide that are like the photo's outside of the mask.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy import ndimage

from imaging.masks import Mask
from imaging.skin import Levels, OwnSkin, may_be_skin, own_skin, sampled, samples, share
from imaging.tone import Distances, Tone

INSIDE = 128
"""Level of a mask from which a sample is inside of it."""
AROUND = 5
"""Samples each way of the square around one that speak for it."""
BLURRED = 3.0
"""How many times as far from a tone as its own a colour may be where it goes over into cloth and wall, or lies in shade."""
CORE = 0.25
"""Share of such colours around, from which they are of that tone."""


@dataclass(frozen=True, kw_only=True)
class Under:
    """A photo and its mask: ``skin`` is what may be skin in it, ``inside`` where it is repainted, ``outside`` where nothing changes, and
    ``own`` the person's skin there."""

    inside: Mask
    outside: Mask
    skin: Mask
    own: OwnSkin | None
    levels: Levels

    @property
    def area(self) -> float:
        """Of the picture, what is masked."""
        return float(self.inside.mean())


def look_under(photo: Image.Image, alpha: Image.Image) -> Under:
    """Look at an RGB photo under ``alpha`` (``L``, same size), which is 0 where nothing changes; a millisecond, of the largest photo."""
    levels, opacity = samples(photo), np.asarray(sampled(alpha))
    outside = opacity == 0
    return Under(
        inside=opacity >= INSIDE,
        outside=outside,
        skin=may_be_skin(levels),
        own=own_skin(levels, outside),
        levels=levels,
    )


@dataclass(frozen=True, kw_only=True)
class PaintedPart:
    """What was painted: ``skin`` is what may be skin of ``inside``."""

    inside: Mask
    skin: Mask
    levels: Levels

    @property
    def share(self) -> float:
        """Of what was painted, what may be skin."""
        return share(self.skin, self.inside)

    def distances(self, tone: Tone) -> Distances:
        """How far each sample (h, w) of what may be skin is from a tone, in CIELAB; infinite elsewhere."""
        found = np.full(self.skin.shape, np.inf)
        found[self.skin] = tone.distances(self.levels[self.skin])
        return found


def look_at(picture: Image.Image, mask: Image.Image) -> PaintedPart:
    """Look at what was painted of an RGB picture: what is white in ``mask`` (``L``, same size)."""
    levels = samples(picture)
    inside = np.asarray(sampled(mask)) >= INSIDE
    return PaintedPart(inside=inside, skin=may_be_skin(levels) & inside, levels=levels)


def bare(skin: Mask, levels: Levels, *, own: OwnSkin | None, garment: Mask | None, colour_asked: bool) -> Mask:
    """Of what may be ``skin``, what is bare.

    ``garment`` is where a segmenter sees one, None where there is none to ask; ``colour_asked`` says that cloth of such a colour was asked
    for.
    """
    unseen = None if garment is None else ~garment
    is_own = None if own is None else own.of(levels)
    evidence = [each for each in (unseen, is_own) if each is not None]
    if not evidence:  # nothing speaks for skin but a colour that was asked for, or was not
        return np.zeros_like(skin) if colour_asked else skin
    decide = np.logical_and if colour_asked else np.logical_or
    return np.asarray(skin & decide.reduce(evidence))


def like(distances: Distances, within: float) -> Mask:
    """Where something has a tone, from its distances (h, w) to it: at most ``within``, or thrice as much beside such."""
    core, blurred = distances <= within, distances <= BLURRED * within
    cores, all_of_it = (ndimage.uniform_filter(each.astype(np.float32), AROUND) for each in (core, blurred))
    return np.asarray(blurred & (cores >= CORE * all_of_it))


def share_of_person(bare_skin: Mask, garment: Mask | None, inside: Mask) -> float:
    """Of what lies ``inside`` on a person, the share that is bare: of bare skin and garment, not of what is beside them."""
    dressed = (inside if garment is None else garment & inside) & ~bare_skin
    total = int(bare_skin.sum()) + int(dressed.sum())
    return float(bare_skin.sum()) / total if total else 0.0

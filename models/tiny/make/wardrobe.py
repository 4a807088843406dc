"""What a figure wears: garments, outfits, and how both are drawn at random."""

from dataclasses import dataclass

from numpy.random import Generator

from models.tiny.make.palette import COLOURS, RGB
from models.tiny.make.textures import PATTERNS

LABELS = ("background", "skin", "hair", "top", "skirt", "trousers", "dress", "shoes")
LENGTHS: dict[str, tuple[str, ...]] = {
    "top": ("sleeveless", "", "long sleeved"),
    "skirt": ("short", "", "long"),
    "dress": ("short", "", "long"),
    "trousers": ("short", "", ""),
}
WEARERS = ("woman", "person", "model")

_PATTERN_ODDS = (0.4, 0.2, 0.2, 0.2)
_DRESS_SHARE = 0.25
_TROUSERS_SHARE = 0.4


@dataclass(frozen=True, kw_only=True)
class Garment:
    """One garment. `cloth` replaces the named colour and its partner by two exact colours, as a style does."""

    kind: str
    colour: str
    pattern: str
    length: str = ""
    cloth: tuple[RGB, RGB] | None = None

    @property
    def label(self) -> int:
        """Value of this garment's pixels in the label map."""
        return LABELS.index(self.kind)


@dataclass(frozen=True, kw_only=True)
class Outfit:
    """A wearer's noun and the garments, upper ones first."""

    wearer: str
    garments: tuple[Garment, ...]


def random_garment(kind: str, rng: Generator, *, other_than: str | None = None) -> Garment:
    """Draw a garment of one kind in a named colour, but not in `other_than`, and in a training pattern."""
    return Garment(
        kind=kind,
        colour=str(rng.choice([name for name in COLOURS if name != other_than])),
        pattern=str(rng.choice(PATTERNS, p=_PATTERN_ODDS)),
        length=str(rng.choice(LENGTHS[kind])),
    )


def random_outfit(rng: Generator) -> Outfit:
    """Draw a dress, or a top over a skirt or trousers of another colour (else they would look like a dress)."""
    wearer = str(rng.choice(WEARERS))
    if rng.random() < _DRESS_SHARE:
        return Outfit(wearer=wearer, garments=(random_garment("dress", rng),))
    top = random_garment("top", rng)
    kind = "trousers" if rng.random() < _TROUSERS_SHARE else "skirt"
    return Outfit(wearer=wearer, garments=(top, random_garment(kind, rng, other_than=top.colour)))

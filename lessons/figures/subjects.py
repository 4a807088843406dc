"""Whom the figures show: drawn people that no model was trained on."""

import numpy as np
from PIL import Image

from imaging.framing import square
from models.tiny.make.figures import Drawing, draw
from models.tiny.make.wardrobe import Garment, Outfit

_SEED = 980_000


def dressed(number: int, top: Garment, lower: Garment, *, side: int = 192) -> Drawing:
    """A woman in two garments, on a square of ``side`` pixels; ``number`` chooses who she is and where she stands."""
    outfit = Outfit(wearer="woman", garments=(top, lower))
    return draw(outfit, np.random.default_rng((_SEED, number)), (side, side))


def shirt(colour: str, pattern: str = "plain") -> Garment:
    """A shirt with short sleeves."""
    return Garment(kind="top", colour=colour, pattern=pattern)


def skirt(colour: str, pattern: str = "plain", length: str = "") -> Garment:
    """A skirt, of middle length where none is said."""
    return Garment(kind="skirt", colour=colour, pattern=pattern, length=length)


def as_seen(picture: Image.Image, side: int) -> Image.Image:
    """A whole picture at the side that a model sees it at."""
    return square(picture, (0, 0, *picture.size), side)

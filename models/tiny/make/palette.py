"""Colours of the drawn world: named garment colours, held-out garment colours, skins and hair. All are 8-bit sRGB."""

import numpy as np
from numpy.random import Generator

RGB = tuple[float, float, float]

COLOURS: dict[str, RGB] = {
    "red": (205, 35, 45),
    "blue": (40, 80, 190),
    "green": (40, 140, 70),
    "yellow": (240, 205, 50),
    "purple": (120, 55, 160),
    "pink": (240, 140, 180),
    "black": (30, 30, 35),
    "white": (242, 242, 240),
    "grey": (135, 138, 142),
    "brown": (115, 70, 40),
}
# Never drawn in training data, so that a style in these colours is new to every base model.
HELD_OUT_COLOURS: dict[str, RGB] = {"teal": (0, 150, 150), "orange": (250, 140, 20)}

SKINS: tuple[RGB, ...] = (
    (250, 215, 185),
    (235, 190, 155),
    (205, 155, 115),
    (165, 115, 80),
    (120, 80, 55),
    (90, 58, 42),
    (215, 210, 205),
)
HAIRS: tuple[RGB, ...] = ((40, 28, 22), (90, 55, 30), (160, 105, 50), (220, 185, 110), (150, 60, 30), (70, 70, 75))

_DARK: RGB = (25, 25, 30)
_LIGHT: RGB = (245, 245, 240)
_NEEDS_DARK = frozenset({"white", "yellow", "pink", "grey"})


def jitter(rgb: RGB, rng: Generator, amount: float) -> RGB:
    """Move each channel by a uniform draw of at most `amount` levels, clipped to 0..255."""
    red, green, blue = np.clip(np.asarray(rgb) + rng.uniform(-amount, amount, 3), 0, 255)
    return float(red), float(green), float(blue)


def pattern_partner(colour: str) -> RGB:
    """Return the colour drawn against the named one in a pattern: near black on light colours, else near white."""
    return _DARK if colour in _NEEDS_DARK else _LIGHT


def pick(choices: tuple[RGB, ...], rng: Generator) -> RGB:
    """Draw one of several colours, all equally likely."""
    return choices[int(rng.integers(len(choices)))]

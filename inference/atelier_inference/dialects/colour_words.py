"""Words for colours: models read names, not codes."""

import re
from collections.abc import Mapping

import numpy as np

from imaging.lab import to_lab

NAMES: Mapping[str, tuple[int, int, int]] = {
    "black": (0, 0, 0),
    "white": (255, 255, 255),
    "grey": (128, 128, 128),
    "light grey": (211, 211, 211),
    "dark grey": (64, 64, 64),
    "red": (214, 30, 40),
    "dark red": (139, 0, 0),
    "orange": (255, 140, 0),
    "brown": (115, 70, 40),
    "beige": (232, 220, 190),
    "gold": (212, 175, 55),
    "yellow": (250, 220, 40),
    "olive": (128, 128, 0),
    "green": (30, 145, 60),
    "light green": (144, 238, 144),
    "dark green": (0, 80, 20),
    "mint": (170, 240, 209),
    "teal": (0, 128, 128),
    "turquoise": (64, 224, 208),
    "light blue": (173, 216, 230),
    "sky blue": (90, 170, 235),
    "blue": (35, 75, 200),
    "navy": (0, 0, 100),
    "purple": (120, 50, 160),
    "lavender": (200, 180, 235),
    "magenta": (230, 0, 200),
    "pink": (245, 150, 185),
    "salmon": (250, 128, 114),
}
"""Colour words as everybody uses them, with a typical sRGB colour of each."""
_LAB = to_lab(np.array(list(NAMES.values()), dtype=np.uint8))


def named(code: str) -> str:
    """The name of the colour that is nearest to ``#RRGGBB`` in CIELAB."""
    levels = np.array([[int(level, 16) for level in re.findall("..", code[1:])]], dtype=np.uint8)
    return list(NAMES)[int(np.linalg.norm(_LAB - to_lab(levels), axis=1).argmin())]

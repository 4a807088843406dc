"""What a style does to other words: the same thing, asked for in a colour that the garment has nothing of."""

import numpy as np
from numpy.typing import NDArray

from contracts.garments import english, parts
from imaging.colour_words import BASIC, COLOURS
from imaging.lab import difference, parse_colour, to_lab

_NEUTRAL = ("black", "white", "grey")
"""Colours that light and shadow make of any other."""
_REPLACED = {*COLOURS, "and"}
_ASKED = {name: code for name, code in BASIC.items() if name not in _NEUTRAL}


def other_prompt(target: str, colours: NDArray[np.float64]) -> str:
    """Words for ``target`` in the colour that is farthest from each of the garment's ``colours`` (k, 3), in place of one that it names."""
    colour = _farthest(colours)
    return f"a photo of {' and '.join(_recoloured(thing, colour) for thing in _things(target))}"


def plain_prompt(target: str) -> str:
    """Words for what was masked, without those that stand for the style."""
    return f"a photo of {' and '.join(_things(target))}"


def _things(target: str) -> list[str]:
    return parts(english(target))


def _recoloured(thing: str, colour: str) -> str:
    *before, noun = [word for word in thing.split() if word.lower().strip(",") not in _REPLACED] or ["clothes"]
    return " ".join([*before, colour, noun])


def _farthest(colours: NDArray[np.float64]) -> str:
    garment = to_lab(colours)
    distances = [_nearest(garment, code) for code in _ASKED.values()]
    return list(_ASKED)[int(np.argmax(distances))]


def _nearest(garment: NDArray[np.floating], code: str) -> float:
    """How far (CIEDE2000) a colour is from the nearest of the garment's."""
    return float(difference(garment, np.repeat(to_lab(parse_colour(code)), len(garment), axis=0)).min())

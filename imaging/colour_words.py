"""Says a wanted colour to a model in words, where a prompt names none: what is painted nearly right is dyed least."""

import re

import numpy as np

from contracts.garments import GARMENTS
from imaging.lab import difference, parse_colour, to_lab

NAMES = {
    "black": "#1e1e23",
    "white": "#f2f2f0",
    "grey": "#878a8e",
    "red": "#cd232d",
    "green": "#288c46",
    "blue": "#2850be",
    "yellow": "#f0cd32",
    "purple": "#78379f",
    "pink": "#f08cb4",
    "brown": "#734628",
}
"""The basic colours of English (Berlin and Kay, 1969) as cloth has them, but for orange, which is a fruit too."""
_OTHERS = (
    "gray",
    "orange",
    "beige",
    "navy",
    "teal",
    "turquoise",
    "gold",
    "silver",
    "ivory",
    "cream",
    "maroon",
    "olive",
    "violet",
)
_WORD = re.compile(r"[a-z][a-z-]*", re.IGNORECASE)


def coloured(prompt: str, colour: str) -> str:
    """The prompt with the name of a colour (``#RRGGBB``) before its last garment: ``a photo of a blue skirt``.

    As it is where it names a colour already, or no garment.
    """
    found = list(_WORD.finditer(prompt))
    if any(word[0].lower() in (*NAMES, *_OTHERS) for word in found):
        return prompt
    garments = [word.start() for word in found if word[0].lower() in GARMENTS]
    if not garments:
        return prompt
    return f"{prompt[: garments[-1]]}{name_of(colour)} {prompt[garments[-1] :]}"


def name_of(colour: str) -> str:
    """The basic colour that one (``#RRGGBB``) is nearest to."""
    wanted, names = to_lab(parse_colour(colour)), list(NAMES)
    known = to_lab(np.concatenate([parse_colour(NAMES[name]) for name in names]))
    return names[int(difference(known, np.repeat(wanted, len(names), axis=0)).argmin())]

"""Words for colours: models read names, not codes."""

import re
from collections.abc import Mapping

import numpy as np

from contracts.garments import GARMENTS
from imaging.lab import difference, parse_colour, to_lab

BASIC: Mapping[str, str] = {
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
FINER: Mapping[str, str] = {
    **BASIC,
    "light grey": "#d3d3d3",
    "dark grey": "#404040",
    "dark red": "#8b0000",
    "orange": "#ff8c00",
    "beige": "#e8dcbe",
    "gold": "#d4af37",
    "olive": "#808000",
    "light green": "#90ee90",
    "dark green": "#005014",
    "mint": "#aaf0d1",
    "teal": "#008080",
    "turquoise": "#40e0d0",
    "light blue": "#add8e6",
    "sky blue": "#5aaaeb",
    "navy": "#000064",
    "lavender": "#c8b4eb",
    "magenta": "#e600c8",
    "salmon": "#fa8072",
}
"""These, and other words for colours that everybody uses, with a typical colour of each."""
COLOURS = {*(name.split()[-1] for name in FINER), "gray", "silver", "ivory", "cream", "maroon", "violet"}
"""Single words that name a colour, whatever shade of it."""
_WORD = re.compile(r"[a-z][a-z-]*", re.IGNORECASE)


def coloured(prompt: str, colour: str) -> str:
    """The prompt with the name of a colour (``#RRGGBB``) before its last garment: ``a photo of a blue skirt``.

    What is painted nearly right is dyed least.

    As it is where it names a colour already, or no garment.
    """
    found = list(_WORD.finditer(prompt))
    if any(word[0].lower() in COLOURS for word in found):
        return prompt
    garments = [word.start() for word in found if word[0].lower() in GARMENTS]
    if not garments:
        return prompt
    return f"{prompt[: garments[-1]]}{name_of(colour)} {prompt[garments[-1] :]}"


def name_of(colour: str, names: Mapping[str, str] = BASIC) -> str:
    """Which of the ``names`` a colour (``#RRGGBB``) is nearest to, by CIEDE2000."""
    wanted, known = (
        to_lab(parse_colour(colour)),
        to_lab(np.concatenate([parse_colour(code) for code in names.values()])),
    )
    return list(names)[int(difference(known, np.repeat(wanted, len(names), axis=0)).argmin())]

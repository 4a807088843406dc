"""The colour of one person's skin, and how far other colours are from it, whatever the light.

Light that is dimmed scales CIE XYZ, and so the cube roots of which CIELAB is made: where its linear part for near black is left aside, all
shades of a colour lie on one ray from L* = -16, a* = b* = 0 (CIE 15). Distances are counted from that ray, along a piece of it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imaging.lab import Lab, to_lab
from imaging.skin import Levels

Distances = NDArray[np.float64]

SHADES = (0.85, 1.12)
"""Of a colour's length along its ray, how dark and how bright it still is the same: 0.6 to 1.4 times the light."""
CLOSE = 3.0
"""Distance in CIELAB at which a colour speaks for another one as that of the skin, e times less than itself."""
MOST_VOTERS = 200
"""Colours that are compared with each other, evenly spread."""
_ORIGIN = np.array([16.0, 0.0, 0.0])


@dataclass(frozen=True)
class Tone:
    """A colour, as CIELAB from its ray's origin (3,), and ``spread``, how far half of what it was taken from is from it."""

    colour: NDArray[np.float64]
    spread: float = 0.0

    def distances(self, levels: Levels) -> Distances:
        """How far each of some colours (n, 3) is from any shade of this one, in CIELAB (n,): about 2.3 is just seen."""
        colours = _rays(levels)
        lengths = np.clip(colours @ self.colour / (self.colour @ self.colour), *SHADES)
        return np.asarray(np.linalg.norm(colours - lengths[:, None] * self.colour, axis=1))


def tone_of(levels: Levels) -> Tone:
    """The tone that is most common in some colours (n, 3) of skin, at least one, where a few may be of something else."""
    voters = levels[np.linspace(0, len(levels) - 1, min(len(levels), MOST_VOTERS)).astype(int)]
    colours = _rays(voters)
    apart = np.linalg.norm(colours[:, None] - colours[None], axis=2)
    middle = int(np.exp(-((apart / CLOSE) ** 2)).sum(axis=1).argmax())
    tone = Tone(np.median(colours[apart[middle] < 1.5 * CLOSE], axis=0))
    return Tone(tone.colour, spread=float(np.median(tone.distances(voters))))


def _rays(levels: Levels) -> Lab:
    pixels = np.asarray(Image.fromarray(np.ascontiguousarray(levels)[None], "YCbCr").convert("RGB"))
    return np.asarray(to_lab(pixels[0]) + _ORIGIN)

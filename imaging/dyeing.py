"""Dyes a painted garment: its own colour becomes the wanted one, its folds, light and texture stay.

A pixel's light over the garment's mean light is kept (CIELAB's L* + 16, a* and b* all go with the cube root of light), so a fold of red
cloth becomes the same fold of blue cloth. What of the garment has another colour, such as the white of a stripe, stays as it is, and so
does what the mask takes in of skin and background along its edge.

Where what was painted differs a little, as it does in other company, the dyed picture differs by little: levels are taken as they were
before they were rounded, and no colour is decided to be the garment's or not, each is so by some share (``imaging.shades``).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from imaging.lab import Lab, parse_colour, to_lab, to_levels
from imaging.masks import Mask, from_image, grow, larger_side
from imaging.shades import Gathered, Placed, gathered, in_one_light, rising
from imaging.unrounded import levels_of

EDGE = 0.06
"""Share of the mask's larger side along its edge in which what looks like the surroundings is left alone."""
AROUND = 0.15
"""Share of the mask's larger side around it that is taken for its surroundings."""
SPILL = 0.03
"""Share of the mask's larger side around it that is dyed too where it looks like the garment: models do not keep to a mask exactly."""
SAME = 16.0
"""Distance, in one light, under which two colours of a garment are one."""
RARE = (0.04, 0.08)
"""Share up to which a colour is none of a pattern's, such as a button's, and from which it is; smooth between, as are all limits here."""
GROUND = (0.28, 0.38)
"""Share of the most common colour up to which a pattern has no ground, and from which it has."""
NEUTRAL = 0.6
"""How much a pixel of white, grey or black counts when it is asked which colour is the garment's own: of red and white stripes, red is."""
COLOURED = (10.0, 30.0)
"""Distance from grey, in one light, up to which a colour is neutral, and from which it is not."""
TIED = (0.85, 1.0)
"""Share over the most common colour's up to which a colour is another one, and from which it is dyed as that is."""
MEANT = (8.0, 20.0)
"""Distance from the garment's colour up to which a pixel counts towards what becomes the wanted colour, and from which it does not."""
MIXED = (0.1, 0.9)
"""Share of what looks alike up to which a pixel is left alone, and from which it is wholly dyed."""
SPILT = (12.0, 20.0)
"""Distance from the garment's colour up to which what is beyond the mask is the garment, and from which it is not."""
APART = 6.0
"""Distance, in one light, from which a colour of the surroundings is told from the garment's: a white shirt before a pale wall."""
TOLD = (4.0, 8.0)
"""Distance from the garment's colour up to which a colour of the surroundings is not told from it, and from which it is."""
MOST_CONTRAST = 1.5
"""How many times as strong a fold may become, in L*, on a lighter colour: noise of black cloth would be loud on white."""
LIGHTEST, DARKEST = 97.0, 5.0
"""L* of white and black cloth: lighter or darker, there would be no room left for folds. CIEDE2000 2 and 3 from white and black."""
PASSES = 5
MOST_SAMPLES = 16_384
"""Pixels by which it is found how far to move the colour."""
MOST_MENDED = 6.0
"""CIELAB distance by which the aim is moved to mend what sRGB cannot show of bright folds."""

Pixels = NDArray[np.uint8] | NDArray[np.float32]
"""Levels of RGB (n, 3), 0 to 255."""

Weights = NDArray[np.float64]
"""How much of each pixel is dyed, 0 to 1."""


def dyed(painted: Image.Image, mask: Image.Image, colour: str) -> Image.Image:
    """A painted RGB picture with the garment in ``mask`` (``L``, same size, white inside) in a colour spelled ``#RRGGBB``."""
    inside = from_image(mask)
    if not inside.any():
        return painted
    pixels = levels_of(painted)
    near = grow(inside, max(1, round(SPILL * larger_side(inside))))
    placed, chosen = _placed(pixels[near]), inside[near]
    cloth = _cloth(_placed(pixels[_core(inside)]))
    weights = cloth.belonging(placed)
    weights *= _unlike_surroundings(placed, _placed(pixels[_ring(inside)]), inside, near, cloth)
    counted = weights * chosen * cloth.within(placed, MEANT)
    if not counted.any():
        return painted
    result = np.array(painted)
    result[near] = _moved(pixels[near], weights, counted, to_lab(parse_colour(colour))[0])
    return Image.fromarray(result)


def _placed(levels: NDArray[np.generic]) -> Placed:
    return in_one_light(to_lab(levels))


def _core(inside: Mask) -> Mask:
    inner = grow(inside, -max(1, round(EDGE / 2 * larger_side(inside))))
    return inner if inner.any() else inside


def _ring(inside: Mask) -> Mask:
    """What is around: it begins beyond what a model spills, or the garment would be taken for its own surroundings."""
    side = larger_side(inside)
    return grow(inside, max(2, round(AROUND * side))) & ~grow(inside, max(1, round(SPILL * side)))


@dataclass(frozen=True, kw_only=True)
class _Cloth:
    """A garment's colours in one light, how much each is its own, to be dyed, and how much another's, left alone (k,; 0 to 1)."""

    colours: Gathered
    own: Weights
    others: Weights

    def belonging(self, placed: Placed) -> Weights:
        """1 for what looks like the garment's own colour, 0 for its others, smooth between."""
        others, all_of_it = (
            self.colours.near(each, placed, SAME / 4) for each in (self.others, np.ones_like(self.own))
        )
        return rising(1 - others / all_of_it, MIXED)

    def near(self, placed: Placed, side: float) -> Weights:
        """How much of the garment's own colour is near others."""
        return self.colours.near(self.own, placed, side)

    def within(self, placed: Placed, limits: tuple[float, float]) -> Weights:
        """1 for what is up to the first distance from the garment's own colour, 0 from the second on."""
        return self.colours.within(self.own, placed, limits)


def _cloth(placed: Placed) -> _Cloth:
    """The colours of a garment's pixels. Where none covers a third, as in a print of flowers, all are its own."""
    colours = gathered(placed, same=SAME)
    coloured = rising(np.hypot(*colours.places.T[1:]), COLOURED)
    telling = colours.shares * (NEUTRAL + (1 - NEUTRAL) * coloured)
    own = 1 - rising(colours.most(colours.shares), GROUND) * (1 - rising(telling / colours.most(telling), TIED))
    return _Cloth(colours=colours, own=own, others=(1 - own) * rising(colours.shares, RARE))


def _unlike_surroundings(placed: Placed, around: Placed, inside: Mask, near: Mask, cloth: _Cloth) -> Weights:
    """1 for what is deep inside the mask; along its edge and beyond, less for what looks more like what is around than like the garment."""
    beyond = ~inside[near]
    weights = np.ones(len(beyond))
    if len(around):
        colours = gathered(around, same=APART)
        told = rising(colours.shares, RARE) * (1 - rising(cloth.within(colours.places, TOLD), MIXED))
        depth = ndimage.distance_transform_edt(inside)[near]
        share = np.clip(2 - depth / max(1.0, EDGE * larger_side(inside)), 0, 1)
        edge = share > 0
        own, others = cloth.near(placed[edge], APART / 2), colours.near(told, placed[edge], APART / 2)
        weights[edge] = 1 - share[edge] * (1 - rising(own / (own + others), MIXED))
    weights[beyond] *= rising(cloth.within(placed[beyond], SPILT), MIXED)
    return weights


def _moved(pixels: Pixels, weights: Weights, counted: Weights, wanted: NDArray[np.float64]) -> NDArray[np.uint8]:
    """The levels with the garment's colour, the mean of what is ``counted``, moved to the wanted one."""
    wanted = np.concatenate([np.clip(wanted[:1], DARKEST, LIGHTEST), wanted[1:]])
    lab, every = to_lab(pixels), -(-len(pixels) // MOST_SAMPLES)
    mean, aim = _aim(pixels[::every], weights[::every], counted[::every], wanted)
    return np.rint(_levels(pixels, lab, weights, mean, aim)).astype(np.uint8)


def _aim(
    pixels: Pixels, weights: Weights, counted: Weights, wanted: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The mean of what is counted, and where to move it for the wanted colour to come out: beside it, where sRGB has not all folds."""
    lab = to_lab(pixels)
    mean = np.asarray(np.average(lab, axis=0, weights=counted), dtype=np.float64)
    aim = wanted
    for _ in range(PASSES):
        reached = np.average(to_lab(_levels(pixels, lab, weights, mean, aim)), axis=0, weights=counted)
        beside = aim - reached
        aim = wanted + beside * min(1.0, MOST_MENDED / max(float(np.linalg.norm(beside)), 1e-9))
    return mean, aim


def _levels(
    pixels: Pixels, lab: Lab, weights: Weights, mean: NDArray[np.float64], aim: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Mixed in levels: between colours that sRGB has not, a small step of CIELAB is tens of levels of the least channel."""
    moved = np.clip(to_levels(_relit(lab, mean, aim)), 0, 255)
    return np.asarray(pixels + weights[:, None] * (moved - pixels))


def _relit(lab: Lab, mean: NDArray[np.float64], wanted: NDArray[np.float64]) -> Lab:
    """Each pixel's light over ``mean``'s, and its own hue beside that, on a cloth of the wanted colour."""
    light = (lab[:, :1] + 16) / (mean[0] + 16)
    contrast = (wanted[0] + 16) / (mean[0] + 16)
    relit = 1 + (light - 1) * min(1.0, MOST_CONTRAST / contrast)
    moved = np.concatenate([(wanted[0] + 16) * relit - 16, wanted[1:] * relit], axis=1)
    moved[:, 1:] += lab[:, 1:] - mean[1:] * light
    return moved

"""Dyes a painted garment: its own colour becomes the wanted one, its folds, light and texture stay.

A pixel's light over the garment's mean light is kept (CIELAB's L* + 16, a* and b* all go with the cube root of light), so a fold of red
cloth becomes the same fold of blue cloth. What of the garment has another colour, such as the white of a stripe, stays as it is, and so
does what the mask takes in of skin and background along its edge.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from imaging.cloth import SAME, ClothColour, cloth_colours, distances, own_colours
from imaging.lab import Lab, parse_colour, to_lab, to_levels
from imaging.masks import Mask, from_image, grow, larger_side

EDGE = 0.06
"""Share of the mask's larger side along its edge in which what looks like the surroundings is left alone."""
AROUND = 0.15
"""Share of the mask's larger side around it that is taken for its surroundings."""
SPILL = 0.03
"""Share of the mask's larger side around it that is dyed too where it looks like the garment: models do not keep to a mask exactly."""
APART = 6.0
"""Distance, in one light, from which a colour of the surroundings is told from the garment's: a white shirt before a pale wall."""
MOST_CONTRAST = 1.5
"""How many times as strong a fold may become, in L*, on a lighter colour: noise of black cloth would be loud on white."""
LIGHTEST, DARKEST = 97.0, 5.0
"""L* of white and black cloth: lighter or darker, there would be no room left for folds. CIEDE2000 2 and 3 from white and black."""
PASSES = 5
MOST_SAMPLES = 16_384
"""Pixels by which it is found how far to move the colour."""
MOST_MENDED = 6.0
"""CIELAB distance by which the aim is moved to mend what sRGB cannot show of bright folds."""

Weights = NDArray[np.float64]
"""How much of each pixel is dyed, 0 to 1."""


def dyed(painted: Image.Image, mask: Image.Image, colour: str) -> Image.Image:
    """A painted RGB picture with the garment in ``mask`` (``L``, same size, white inside) in a colour spelled ``#RRGGBB``."""
    inside = from_image(mask)
    if not inside.any():
        return painted
    pixels = np.asarray(painted)
    near = grow(inside, max(1, round(SPILL * larger_side(inside))))
    lab, chosen = to_lab(pixels[near]), inside[near]
    own = own_colours(lab[_core(inside)[near]])
    weights = _belonging(lab, own)
    weights *= _unlike_surroundings(lab, pixels, inside, near, own[0])
    if not weights[chosen].any():
        return painted
    result = pixels.copy()
    result[near] = _moved(pixels[near], lab, weights, chosen, to_lab(parse_colour(colour))[0])
    return Image.fromarray(result)


def _core(inside: Mask) -> Mask:
    inner = grow(inside, -max(1, round(EDGE / 2 * larger_side(inside))))
    return inner if inner.any() else inside


def _belonging(lab: Lab, own: Sequence[ClothColour]) -> Weights:
    """1 for the garment's first colour, 0 for its others, smooth between."""
    apart = distances(lab, own)
    return _smooth(apart[:, 0], apart[:, 1:].min(axis=1)) if len(own) > 1 else np.ones(len(lab))


def _unlike_surroundings(
    lab: Lab, pixels: NDArray[np.uint8], inside: Mask, near: Mask, garment: ClothColour
) -> Weights:
    """1 for what is deep inside the mask; along its edge and beyond, less for what looks more like what is around than like the garment."""
    side = larger_side(inside)
    # The ring begins beyond what a model spills, or the garment would be taken for its own surroundings.
    ring = grow(inside, max(2, round(AROUND * side))) & ~grow(inside, max(1, round(SPILL * side)))
    weights = np.ones(len(lab))
    around = cloth_colours(to_lab(pixels[ring]), same=APART) if ring.any() else []
    others = [each for each in around if distances(each.lab[None], [garment])[0, 0] >= APART]
    beyond = ~inside[near]
    if others:
        depth = ndimage.distance_transform_edt(inside)[near]
        width = max(1.0, EDGE * side)
        looks = _smooth(distances(lab, [garment])[:, 0], distances(lab, others).min(axis=1))
        share = np.clip(2 - depth / width, 0, 1)
        weights = 1 - share * (1 - looks)
    weights[beyond] *= distances(lab[beyond], [garment])[:, 0] < SAME
    return weights


def _smooth(to_own: NDArray[np.float64], to_other: NDArray[np.float64]) -> Weights:
    nearness = np.clip((to_other / np.maximum(to_own + to_other, 1e-9) - 0.3) / 0.4, 0, 1)
    return np.asarray(nearness * nearness * (3 - 2 * nearness))


def _moved(
    pixels: NDArray[np.uint8],
    lab: Lab,
    weights: Weights,
    inside: Mask,
    wanted: NDArray[np.float64],
) -> NDArray[np.uint8]:
    """The levels with the garment's colour moved to the wanted one."""
    counted = weights * inside
    wanted = np.concatenate([np.clip(wanted[:1], DARKEST, LIGHTEST), wanted[1:]])
    every = -(-len(lab) // MOST_SAMPLES)
    mean, aim = _aim(lab[::every], weights[::every], counted[::every], wanted)
    levels = _levels(lab, weights, mean, aim)
    levels[weights == 0] = pixels[weights == 0]
    return levels


def _aim(
    lab: Lab, weights: Weights, counted: Weights, wanted: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The mean of what is dyed, and where to move it for the wanted colour to come out: beside it, where sRGB has not all of its folds."""
    mean = np.asarray(np.average(lab, axis=0, weights=counted), dtype=np.float64)
    aim = wanted
    for _ in range(PASSES):
        reached = np.average(to_lab(_levels(lab, weights, mean, aim)), axis=0, weights=counted)
        beside = aim - reached
        aim = wanted + beside * min(1.0, MOST_MENDED / max(float(np.linalg.norm(beside)), 1e-9))
    return mean, aim


def _levels(lab: Lab, weights: Weights, mean: NDArray[np.float64], aim: NDArray[np.float64]) -> NDArray[np.uint8]:
    moved = lab + weights[:, None] * (_relit(lab, mean, aim) - lab)
    return np.clip(np.rint(to_levels(moved)), 0, 255).astype(np.uint8)


def _relit(lab: Lab, mean: NDArray[np.float64], wanted: NDArray[np.float64]) -> Lab:
    """Each pixel's light over ``mean``'s, and its own hue beside that, on a cloth of the wanted colour."""
    light = (lab[:, :1] + 16) / (mean[0] + 16)
    contrast = (wanted[0] + 16) / (mean[0] + 16)
    relit = 1 + (light - 1) * min(1.0, MOST_CONTRAST / contrast)
    moved = np.concatenate([(wanted[0] + 16) * relit - 16, wanted[1:] * relit], axis=1)
    moved[:, 1:] += lab[:, 1:] - mean[1:] * light
    return moved

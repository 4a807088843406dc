"""The colours of a garment, and how much of a picture is in them."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imaging.masks import Mask, grow, larger_side

Pixels = NDArray[np.uint8]
"""RGB levels, (n, 3)."""

COLOURS = 16
LEAST_SHARE = 0.12
"""A colour with a smaller share of the garment, such as a button's, is ignored."""
SAME_COLOUR = 60
"""RGB distance under which two shades are one colour."""
NEAR = 80
"""RGB distance under which a pixel counts as in a colour: folds and light vary a colour by about this much."""
EDGE = 0.03
"""Share of the mask's larger side that is left out along its edge, where garment and background mix."""
MOST_PIXELS = 250_000


def garment_pixels(picture: Image.Image, mask: Mask) -> Pixels:
    """The pixels inside a mask (h, w) without its edge; with it where the mask is all edge."""
    inner = grow(mask, -max(1, round(EDGE * larger_side(mask))))
    return np.asarray(picture.convert("RGB"))[inner if inner.any() else mask]


def dominant_colours(pixels: Pixels) -> NDArray[np.float64]:
    """The colours (k, 3), most common first, that each hold at least 12 % of the pixels; at least one."""
    sample = pixels[:: max(1, len(pixels) // MOST_PIXELS)]
    quantized = Image.fromarray(sample[None]).quantize(COLOURS, method=Image.Quantize.MEDIANCUT, kmeans=8)
    labels = np.asarray(quantized).ravel()
    groups = [(int((labels == label).sum()), sample[labels == label].mean(axis=0)) for label in np.unique(labels)]
    merged = _merged(sorted(groups, key=lambda group: -group[0]))
    frequent = [colour for count, colour in merged if count >= LEAST_SHARE * len(sample)]
    return np.stack(frequent or [merged[0][1]])


def palette_share(pixels: Pixels, colours: NDArray[np.float64]) -> float:
    """The share (0 to 1) of pixels that are near one of the colours."""
    near = np.zeros(len(pixels), dtype=np.bool_)
    for colour in colours:
        near |= np.linalg.norm(pixels - colour, axis=1) < NEAR
    return float(near.mean())


def _merged(
    groups: Iterable[tuple[int, NDArray[np.float64]]],
) -> list[tuple[int, NDArray[np.float64]]]:
    """Join each group of (count, colour) to a larger one of the same colour; largest first."""
    merged: list[tuple[int, NDArray[np.float64]]] = []
    for count, colour in groups:
        close = [i for i, (_, other) in enumerate(merged) if np.linalg.norm(other - colour) < SAME_COLOUR]
        if close:
            total, other = merged[close[0]]
            merged[close[0]] = (total + count, (total * other + count * colour) / (total + count))
        else:
            merged.append((count, colour))
    return sorted(merged, key=lambda group: -group[0])

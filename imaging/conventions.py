"""Which part of a mask's file is repainted: white, or what is transparent. A file that could be read either way is refused.

A hard mask comes out as exactly 0 and 255, whatever an encoder did to its edges; a soft one keeps its levels.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops
from scipy import ndimage

from contracts.conventions import NOT_TRANSPARENT, both_conventions
from contracts.errors import InvalidInputError
from imaging.masks import Mask, from_image, to_image
from imaging.strips import strips

GREY_EDGE = 3.0
"""Pixels across the edge that are neither black nor white in a hard mask, after antialiasing or JPEG, at most."""
_GREY_SHARE = 0.25
"""Share of such pixels in a hard mask, at most: in noise every white pixel is an edge."""
_BLACK, _WHITE = 40, 215
"""Levels up to which, and from which on, a pixel is as good as black or white: JPEG of quality 20 moves them by about so much."""
_COLOUR = 60
"""Difference of a pixel's channels from which on it is coloured."""
_COLOURED_SHARE = 0.01
_SIDE = 128
"""Softness is judged on a small copy: a soft edge is wide, a photo's texture is not."""
_ROUGH_SHARE = 0.03
"""Share of the grey pixels that may be the darkest or the brightest around: a soft edge has below 1 %, a photo 5 % or more."""


def read_mask(
    colours: Image.Image, alpha: Image.Image | None, *, convention: str, name: str, setting: str
) -> Image.Image:
    """The mask (``L``, 255 where the picture is repainted) in the colours (RGB) and the transparency (``L``) of a file.

    Raises InvalidInputError, which calls the file ``name``, for one that is not of the ``convention`` (``white``, ``transparent``); its
    words name the ``setting`` that says the convention.
    """
    try:
        levels = _transparent(alpha) if convention == "transparent" else _white(colours, alpha)
        mask = _hard_or_soft(levels)
        if (most := max(level for level, count in enumerate(levels.histogram()) if count)) < 128:
            raise _OtherConventionError(f"no {convention} pixel: the nearest to it is {most / 255:.1%} {convention}")
        return mask
    except _OtherConventionError as error:
        raise InvalidInputError(name, got=str(error), allowed=both_conventions(setting)) from error


class _OtherConventionError(ValueError):
    """What a mask is that is not of its convention."""


def _transparent(alpha: Image.Image | None) -> Image.Image:
    if alpha is None:
        raise _OtherConventionError(NOT_TRANSPARENT)
    return ImageChops.invert(alpha)


def _white(colours: Image.Image, alpha: Image.Image | None) -> Image.Image:
    if alpha is not None:
        clear = 1 - float(np.asarray(alpha).mean()) / 255
        raise _OtherConventionError(f"a mask that is transparent over {clear:.0%} of it")
    if _is_coloured(colours):
        raise _OtherConventionError("a picture in colours")
    return colours.convert("L")


def polarity_note(mask: Image.Image, *, convention: str = "white") -> str:
    """A remark where a mask repaints most of the picture or most of its border, as one does whose meaning is swapped."""
    values = np.asarray(mask)
    border = np.concatenate([values[0], values[-1], values[:, 0], values[:, -1]])
    share, along = float(values.mean()) / 255, float(border.mean()) / 255
    if share <= 0.5 and along <= 0.5:
        return ""
    swapped = "transparent and opaque" if convention == "transparent" else "black and white"
    return f"the mask repaints {share:.0%} of the picture and {along:.0%} of its border: swap {swapped} if it was meant to keep that"


def _is_coloured(colours: Image.Image) -> bool:
    coloured = 0
    for box in strips(colours.size):
        red, green, blue = (np.asarray(band) for band in colours.crop(box).split())
        spread = np.maximum(np.maximum(red, green), blue) - np.minimum(np.minimum(red, green), blue)
        coloured += int((spread > _COLOUR).sum())
    return coloured > _COLOURED_SHARE * colours.width * colours.height


def _hard_or_soft(levels: Image.Image) -> Image.Image:
    grey = sum(levels.histogram()[_BLACK + 1 : _WHITE])
    core, share = from_image(levels), grey / (levels.width * levels.height)
    if share <= _GREY_SHARE and grey <= GREY_EDGE * _edge_length(core):
        return to_image(core)
    if _is_rough(levels):
        raise _OtherConventionError(f"grey levels over {share:.0%} of it that are no soft edge")
    return levels


def _edge_length(core: Mask) -> int:
    """Pixels of the mask that touch what is outside it."""
    inner = core.copy()
    inner[1:] &= core[:-1]
    inner[:-1] &= core[1:]
    inner[:, 1:] &= core[:, :-1]
    inner[:, :-1] &= core[:, 1:]
    return int((core & ~inner).sum())


def _shrunk(levels: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Levels (``F``) averaged over the pixels that become one: rows first, then columns, as Pillow does it."""
    narrow = Image.new("F", (size[0], levels.height))
    for box in strips(levels.size):
        part = levels.crop(box).convert("F")
        narrow.paste(part.resize((size[0], part.height), Image.Resampling.BOX), (0, box[1]))
    return narrow.resize(size, Image.Resampling.BOX)


def _is_rough(levels: Image.Image) -> bool:
    """Whether grey pixels lie otherwise than on a slope from black to white: as texture, or as flat areas."""
    scale = min(1.0, _SIDE / max(levels.size))
    size = max(1, round(levels.width * scale)), max(1, round(levels.height * scale))
    small = np.asarray(_shrunk(levels, size))
    smooth: NDArray[np.float32] = ndimage.gaussian_filter(small, 1.0, mode="nearest")
    grey = (smooth > _BLACK) & (smooth < _WHITE)
    highest = ndimage.maximum_filter(smooth, 5, mode="nearest") - smooth < 0.5
    lowest = smooth - ndimage.minimum_filter(smooth, 5, mode="nearest") < 0.5
    return bool(grey.any() and ((highest | lowest) & grey).sum() > _ROUGH_SHARE * grey.sum())

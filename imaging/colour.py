"""Any mode of picture as 8-bit sRGB colours and, apart from them, its transparency."""

import io
from typing import Any

import numpy as np
from PIL import Image, ImageCms

from imaging.strips import strips

_SRGB = ImageCms.createProfile("sRGB")
_MODES = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}
"""Pillow's mode by an ICC profile's colour space."""
_SAME = 2
"""Levels by which a profile may differ from sRGB and still be it: rounding in the profile."""
_DAMAGE = (ImageCms.PyCMSError, OSError, ValueError, TypeError, AttributeError, KeyError)
"""What Pillow raises for a profile that it cannot use."""

UNUSED_PROFILE = "its colour profile cannot be used, so its colours were taken as sRGB"


def colours_and_alpha(image: Image.Image) -> tuple[Image.Image, Image.Image | None, str]:
    """The colours (RGB, sRGB), the transparency (``L``, 0 is clear; None where all is opaque), and a note where a profile is unusable.

    The colours are those under the transparency, not mixed with anything.
    """
    base, alpha = _apart(image)
    colours, note = _to_srgb(base, image.info.get("icc_profile"))
    if alpha is not None and alpha.getextrema() == (255, 255):
        alpha = None
    colours.info = {}  # or the profile of other colours would be saved beside these
    return colours, alpha, note


def _apart(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """The picture in mode ``L``, ``RGB`` or ``CMYK``, and its alpha channel where it has one."""
    if image.mode.startswith(("I", "F")):
        return _from_sixteen_bits(image)
    grey = image.mode in ("1", "L", "LA", "La")
    if image.has_transparency_data and image.mode != "CMYK":
        whole = as_mode(image, "LA" if grey else "RGBA")
        return whole.convert("L" if grey else "RGB"), whole.getchannel("A")
    if image.mode == "CMYK":
        return image, None
    return as_mode(image, "L" if grey else "RGB"), None


def as_mode(image: Image.Image, mode: str) -> Image.Image:
    """The picture in a mode; itself, not a copy, where it is."""
    return image if image.mode == mode else image.convert(mode)


def _from_sixteen_bits(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    # Pillow's own conversion of these modes clips at 255, which turns a 16-bit photo white.
    clear = image.info.get("transparency")
    grey = Image.new("L", image.size)
    alpha = Image.new("L", image.size, 255) if isinstance(clear, int) else None
    for box in strips(image.size):
        levels = np.asarray(image.crop(box), dtype=np.float64)
        grey.paste(Image.fromarray(np.clip(np.rint(levels / 257), 0, 255).astype(np.uint8)), box)
        if alpha is not None:
            alpha.paste(Image.fromarray(np.where(levels == clear, 0, 255).astype(np.uint8)), box)
    return grey, alpha


def _to_srgb(base: Image.Image, data: Any) -> tuple[Image.Image, str]:
    if not data:
        return as_mode(base, "RGB"), ""
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(data))
        mode = _MODES[profile.profile.xcolor_space.strip()]
        if mode == "RGB" and base.mode == "L":
            base = base.convert("RGB")
        transform = ImageCms.buildTransform(profile, _SRGB, mode, "RGB")
        converted = None if _changes_nothing(transform, mode) else ImageCms.applyTransform(base, transform)
    except _DAMAGE:
        # As browsers do: such a profile says nothing about the pixels.
        return as_mode(base, "RGB"), UNUSED_PROFILE
    return converted or as_mode(base, "RGB"), ""


def _changes_nothing(transform: ImageCms.ImageCmsTransform, mode: str) -> bool:
    """Whether a profile is sRGB, whatever it is called, so that its pixels are kept byte for byte."""
    if mode == "CMYK":
        return False
    if mode == "L":
        probe = Image.fromarray(np.arange(256, dtype=np.uint8)[None])
    else:
        steps = np.arange(0, 256, 51, dtype=np.uint8)
        probe = Image.fromarray(np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(1, -1, 3))
    after = ImageCms.applyTransform(probe, transform)
    before = np.asarray(probe.convert("RGB"), dtype=int)
    return after is not None and bool(np.abs(np.asarray(after, dtype=int) - before).max() <= _SAME)

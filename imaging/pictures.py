"""Reads and writes picture files safely.

Sizes are checked before pixels are decoded; truncation is found; EXIF rotation is applied; whatever the file holds (palette, CMYK, 16 bits,
transparency, another colour space) comes back as 8-bit sRGB.
"""

import io
import struct
import zlib

import numpy as np
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from contracts.errors import InvalidInputError

MOST_PIXELS = 64_000_000
LONGEST_SIDE = 16_383
"""Pixels; the longest side that WebP can hold."""
FORMATS = ("PNG", "JPEG", "WEBP")
ALLOWED = "a whole, still PNG, JPEG or WebP picture of at most 64 megapixels, no side longer than 16,383 pixels"

_DAMAGE = (
    *(OSError, EOFError, SyntaxError, ValueError, struct.error, zlib.error),
    *(Image.DecompressionBombError, Image.DecompressionBombWarning),
)
"""What Pillow raises for damaged and oversized files."""

_SAVE: dict[str, dict[str, int]] = {
    # A fifth of level 6's CPU time (6 megapixels: 0.6 s instead of 2.5 s) for an eighth more bytes.
    "png": {"compress_level": 1},
    "jpeg": {"quality": 95, "subsampling": 0},
    "webp": {"quality": 95},
}


class UnreadablePictureError(InvalidInputError):
    """A file that is not a whole picture of a kind and size that is accepted."""


def decode(data: bytes, *, name: str) -> Image.Image:
    """The picture in an encoded file, upright, as 8-bit sRGB; transparent parts become white.

    ``name`` is what the error calls it. Raises UnreadablePictureError.
    """
    return _rgb(_load(data, name), backdrop="white")


def decode_mask(data: bytes, *, name: str) -> Image.Image:
    """The mask in an encoded picture file, upright, mode ``L``; transparent parts become black (kept), as nobody painted them.

    Raises UnreadablePictureError.
    """
    return _rgb(_load(data, name), backdrop="black").convert("L")


def encode(image: Image.Image, file_format: str) -> bytes:
    """An RGB or L image as a ``png`` (lossless), ``jpeg`` or ``webp`` file (both quality 95)."""
    if file_format not in _SAVE:
        raise InvalidInputError("picture format", got=file_format, allowed=" | ".join(_SAVE))
    buffer = io.BytesIO()
    image.save(buffer, format=file_format.upper(), **_SAVE[file_format])
    return buffer.getvalue()


def _load(data: bytes, name: str) -> Image.Image:
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
        _check(image, name)
        image.load()
        return ImageOps.exif_transpose(image)
    except UnreadablePictureError:
        raise
    except UnidentifiedImageError as error:
        raise UnreadablePictureError(name, got=f"{len(data)} bytes starting {data[:16]!r}", allowed=ALLOWED) from error
    except _DAMAGE as error:
        raise UnreadablePictureError(name, got=f"{len(data)} bytes: {error}", allowed=ALLOWED) from error


def _check(image: Image.Image, name: str) -> None:
    width, height = image.size
    if width * height > MOST_PIXELS or max(image.size) > LONGEST_SIDE:
        raise UnreadablePictureError(name, got=f"{width}x{height} pixels", allowed=ALLOWED)
    # Many phones write MPO: a JPEG photo followed by previews. Its first frame is the photo, and it does not move.
    if getattr(image, "is_animated", False) and image.format != "MPO":
        raise UnreadablePictureError(
            name, got=f"an animation of {getattr(image, 'n_frames', 0)} frames", allowed=ALLOWED
        )


def _rgb(image: Image.Image, *, backdrop: str) -> Image.Image:
    if image.mode.startswith(("I", "F")):
        return _from_sixteen_bits(image).convert("RGB")
    if image.has_transparency_data:
        canvas = Image.new("RGBA", image.size, backdrop)
        canvas.alpha_composite(image.convert("RGBA"))
        return canvas.convert("RGB")
    return _from_profile(image) or image.convert("RGB")


def _from_sixteen_bits(image: Image.Image) -> Image.Image:
    # Pillow's own conversion of these modes clips at 255, which turns a 16-bit photo white.
    levels = np.asarray(image, dtype=np.float64)
    return Image.fromarray(np.clip(np.rint(levels / 257), 0, 255).astype(np.uint8))


def _from_profile(image: Image.Image) -> Image.Image | None:
    """The picture converted from its embedded colour profile to sRGB; None where that is not needed or the profile is broken."""
    data = image.info.get("icc_profile")
    if not data or image.mode not in ("RGB", "CMYK"):
        return None
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(data))
        if "sRGB" in ImageCms.getProfileDescription(profile):
            return None
        return ImageCms.profileToProfile(image, profile, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        # As browsers do: a broken profile says nothing about the pixels.
        return None

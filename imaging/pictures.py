"""Reads and writes picture files safely.

Sizes are checked before pixels are decoded; truncation is found; pictures are turned upright; whatever the file holds (palette, CMYK,
16 bits, transparency, another colour space) comes back as 8-bit sRGB. Damaged metadata is ignored, with a note.
"""

import io
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from PIL import Image, UnidentifiedImageError
from pillow_heif import register_heif_opener

from contracts.conventions import OF_REQUEST
from contracts.errors import InvalidInputError
from contracts.pictures import HEIC_SEQUENCES, LONGEST_SIDE, MOST_PIXELS, START, other_format
from contracts.spelling import spelled
from imaging import conventions, jpeg, png
from imaging.colour import colours_and_alpha
from imaging.cutout import Cutout
from imaging.orientation import is_on_its_side, read_orientation, turn
from imaging.told import NOTHING, Told, saving

register_heif_opener(thumbnails=False)

FORMATS = ("PNG", "JPEG", "WEBP", "HEIF")
ALLOWED = "a whole, still PNG, JPEG, WebP or HEIC picture of at most 64 megapixels, no side longer than 16,383 pixels"

_DAMAGE = (
    *(OSError, EOFError, SyntaxError, ValueError, RuntimeError, struct.error, zlib.error),
    *(Image.DecompressionBombError, Image.DecompressionBombWarning),
)
"""What Pillow raises for damaged and oversized files."""

_SAVE: dict[str, dict[str, Any]] = {
    # A fifth of level 6's CPU time (6 megapixels: 0.6 s instead of 2.5 s) for an eighth more bytes.
    "png": {"compress_level": 1},
    "jpeg": {"quality": 95, "subsampling": 0},
    "webp": {"quality": 95},
}


LOSSY = frozenset({"jpeg", "webp"})
"""Formats of answers that keep no pixel exactly."""


class UnreadablePictureError(InvalidInputError):
    """A file that is not a whole picture of a kind and size that is accepted."""


@dataclass(frozen=True, kw_only=True)
class DecodedPicture:
    """``image`` is upright 8-bit sRGB (RGB), white where it was transparent; ``notes`` say what of the file was ignored.

    ``cutout`` is the picture with its transparency; None where all of it is opaque. ``digest`` is the SHA-256 of its file, in hexadecimal
    digits, where somebody wants it.
    """

    image: Image.Image
    cutout: Cutout | None
    notes: tuple[str, ...]
    digest: str = ""


def read_picture(data: bytes, *, name: str) -> DecodedPicture:
    """The picture in an encoded file, which errors and notes call ``name``. Raises UnreadablePictureError."""
    colours, alpha, notes = _read(data, name)
    cutout = None if alpha is None else Cutout(colours=colours, alpha=alpha)
    return DecodedPicture(image=cutout.on("white") if cutout else colours, cutout=cutout, notes=notes)


def measure(data: bytes, *, name: str) -> tuple[int, int]:
    """Width and height of the picture in an encoded file, as stored, without its pixels. Raises UnreadablePictureError."""
    with _named(data, name):
        return _open(_without_metadata(data)[0], name).size


def upright_size(data: bytes, *, name: str) -> tuple[int, int]:
    """Width and height of the picture as it stands upright, without its pixels. Raises UnreadablePictureError."""
    with _named(data, name):
        body, info = _without_metadata(data)
        image = _open(body, name)
        # A HEIC's decoder turns it by itself.
        turned = image.format != "HEIF" and is_on_its_side(read_orientation({**image.info, **info}))
        return (image.height, image.width) if turned else image.size


def decode(data: bytes, *, name: str) -> Image.Image:
    """The picture in an encoded file, upright, as 8-bit sRGB; transparent parts become white.

    ``name`` is what the error calls it. Raises UnreadablePictureError.
    """
    return read_picture(data, name=name).image


def decode_mask(data: bytes, *, name: str, convention: str = "white", setting: str = OF_REQUEST) -> Image.Image:
    """The mask in an encoded picture file, upright, mode ``L``, 255 where the picture is repainted.

    ``convention`` says what that is in the file, ``white`` or ``transparent``; ``setting`` is where it was said. Raises
    UnreadablePictureError, and InvalidInputError for a file that is not of the convention.
    """
    colours, alpha, _ = _read(data, name)
    return conventions.read_mask(colours, alpha, convention=convention, name=name, setting=setting)


def encode(image: Image.Image, file_format: str, told: Told = NOTHING) -> bytes:
    """An RGB, RGBA or L image in sRGB as a ``png`` (lossless), ``jpeg`` (no RGBA) or ``webp`` file (both quality 95).

    A PNG says that it is sRGB; the other formats mean it where they have no profile. All say what is ``told``.
    """
    if file_format not in _SAVE:
        raise InvalidInputError("picture format", got=file_format, allowed=" | ".join(_SAVE))
    options = _SAVE[file_format] | saving(told, file_format)
    plain = image.copy() if image.info else image
    plain.info = {}  # Pillow would save a profile that is left there
    buffer = io.BytesIO()
    plain.save(buffer, format=file_format.upper(), **options)
    return buffer.getvalue()


def _read(data: bytes, name: str) -> tuple[Image.Image, Image.Image | None, tuple[str, ...]]:
    """The colours (RGB) and transparency (``L``, or None) of a file, upright, and notes on what was ignored."""
    image = _load(data, name)
    orientation = read_orientation(image.info)
    unturned = "" if orientation else "its orientation is none of 1 to 8, so it was left as it is stored"
    colours, alpha, unconverted = colours_and_alpha(image)
    del image  # Each copy of a large picture counts.
    notes = tuple(f"{name}: {note}" for note in (unturned, unconverted) if note)
    colours = turn(colours, orientation)  # and the unturned one is gone before the transparency is turned
    return colours, None if alpha is None else turn(alpha, orientation), notes


def _load(data: bytes, name: str) -> Image.Image:
    with _named(data, name):
        body, info = _without_metadata(data)
        image = _open(body, name)
        try:
            image = _load_webp(image) if image.format == "WEBP" else _loaded(image)
        except OSError:
            if image.format != "JPEG" or not jpeg.lacks_only_its_end(body):
                raise
            image = _loaded(_open(body + jpeg.END, name))
        if image.mode == "P" and image.palette is None:
            raise ValueError("its palette is missing")
        if image.format == "HEIF":
            # Its decoder has turned it; whatever EXIF says besides is not for readers (ISO/IEC 23008-12, annex A).
            image.info = {"icc_profile": image.info.get("icc_profile")}
        image.info.update(info)
        return image


def _loaded(image: Image.Image) -> Image.Image:
    image.load()
    return image


def _load_webp(image: Any) -> Image.Image:
    """What ``image.load()`` does, but without the decoder's two copies of the pixels beside the other two, 16 bytes a pixel in all."""
    pixels, _, _ = image._get_next()
    del image._decoder
    loaded = Image.frombytes(image.mode, image.size, pixels, "raw", image.rawmode)
    loaded.info = image.info
    return loaded


@contextmanager
def _named(data: bytes, name: str) -> Iterator[None]:
    """Turn what Pillow raises for a damaged file into UnreadablePictureError."""
    try:
        yield
    except UnreadablePictureError:
        raise
    except UnidentifiedImageError as error:
        start = spelled(data[:16]).removeprefix("the bytes ")
        raise UnreadablePictureError(name, got=f"{len(data)} bytes starting {start}", allowed=ALLOWED) from error
    except _DAMAGE as error:
        raise UnreadablePictureError(name, got=f"{len(data)} bytes: {error}", allowed=ALLOWED) from error


def _without_metadata(data: bytes) -> tuple[bytes, dict[str, Any]]:
    if data.startswith(jpeg.START):
        return jpeg.without_metadata(data)
    return png.without_metadata(data) if data.startswith(png.START) else (data, {})


def _open(data: bytes, name: str) -> Image.Image:
    if other := other_format(data[:START]):
        raise UnreadablePictureError(name, got=other, allowed=ALLOWED)
    image = Image.open(io.BytesIO(data), formats=FORMATS)
    width, height = image.size
    if width * height > MOST_PIXELS or max(image.size) > LONGEST_SIDE:
        raise UnreadablePictureError(name, got=f"{width}x{height} pixels", allowed=ALLOWED)
    moves = data[8:12] in HEIC_SEQUENCES if image.format == "HEIF" else getattr(image, "is_animated", False)
    if moves:
        got = f"an animation of {getattr(image, 'n_frames', 0)} frames"
        raise UnreadablePictureError(name, got=got, allowed=ALLOWED)
    return image

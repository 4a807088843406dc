"""How a stored picture is turned to stand upright: tag 0x0112 of its EXIF, else XMP's ``tiff:Orientation``.

Nothing else of the metadata is read, so nothing else of it can make a picture unreadable.
"""

import re
import struct
from collections.abc import Mapping
from typing import Any

from PIL import Image

_TAG = 0x0112
_NUMBERS = {
    1: "B",
    3: "H",
    4: "I",
    5: "II",
    6: "b",
    8: "h",
    9: "i",
    10: "ii",
    11: "f",
    12: "d",
    13: "I",
    16: "Q",
    17: "q",
}
"""TIFF's types of numbers (TIFF 6.0, page 15) as ``struct`` reads them; the standard's own for this tag is 3."""
_XMP = re.compile(rb"tiff:Orientation\s*(?:=\s*[\"']|>)\s*([0-9]+)")
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def turn(image: Image.Image, orientation: int) -> Image.Image:
    """The picture as an ``orientation`` of 1 to 8 says that it stands; any other value changes nothing."""
    return image.transpose(_TURNS[orientation]) if orientation in _TURNS else image


def is_on_its_side(orientation: int) -> bool:
    """Whether ``turn`` exchanges width and height."""
    return orientation in (5, 6, 7, 8)


def read_orientation(info: Mapping[Any, Any]) -> int:
    """1 to 8 from what Pillow keeps of a file in ``Image.info``; 1 where there is none, 0 for a value that means nothing."""
    value = _from_exif(_exif(info))
    if value is None:
        value = _from_xmp(info)
    if value is None:
        return 1
    return value if 1 <= value <= 8 else 0


def _exif(info: Mapping[Any, Any]) -> bytes:
    exif = info.get("exif")
    if isinstance(exif, bytes):
        return exif
    # ImageMagick's way to keep EXIF in a PNG: three lines of header, then hexadecimal digits.
    raw = info.get("Raw profile type exif")
    try:
        return bytes.fromhex("".join(raw.split("\n")[3:])) if isinstance(raw, str) else b""
    except ValueError:
        return b""


def _from_exif(exif: bytes) -> int | None:
    """The tag's value; 0 for one that is no whole number, None without the tag."""
    while exif.startswith(b"Exif\0\0"):
        exif = exif[6:]
    order = {b"II": "<", b"MM": ">"}.get(exif[:2])
    if order is None:
        return None
    try:
        (directory,) = struct.unpack_from(order + "I", exif, 4)
        (count,) = struct.unpack_from(order + "H", exif, directory)
        for place in range(directory + 2, directory + 2 + 12 * count, 12):
            tag, kind, values = struct.unpack_from(order + "HHI", exif, place)
            if tag == _TAG:
                return _whole(exif, order, place, kind) if values else 0
    except struct.error:
        pass  # the directory ends early
    return None


def _whole(exif: bytes, order: str, place: int, kind: int) -> int:
    """The first number of a directory's entry, 0 where it is none or not whole."""
    number = order + _NUMBERS.get(kind, "")
    try:
        # A value of more than 4 bytes lies elsewhere, and the entry says where.
        at = place + 8 if struct.calcsize(number) <= 4 else struct.unpack_from(order + "I", exif, place + 8)[0]
        values = struct.unpack_from(number, exif, at)
        value = values[0] / values[1] if len(values) == 2 else values[0]
        return int(value) if value == int(value) else 0
    except (struct.error, IndexError, ZeroDivisionError, ValueError, OverflowError):
        return 0  # outside the file, no number, NaN, or infinite


def _from_xmp(info: Mapping[Any, Any]) -> int | None:
    xmp = info.get("XML:com.adobe.xmp") or info.get("xmp") or b""
    found = _XMP.search(xmp.encode("utf-8", "replace") if isinstance(xmp, str) else bytes(xmp))
    return int(found[1][:3]) if found else None

"""JPEG files below Pillow: what of a file decoding needs, and whether one without its end marker is whole (ITU T.81, annex B)."""

import io
import struct
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from PIL import Image

from imaging.strips import strips

START, END = b"\xff\xd8", b"\xff\xd9"

_SCAN = 0xDA
_HUFFMAN_FRAMES = (0xC0, 0xC1, 0xC2)
_BARE = (0x01, *range(0xD0, 0xD9))
"""Markers without a length."""
_NEEDED = {0xE0: (b"JFIF\0", 14), 0xE2: (b"ICC_PROFILE\0", 14), 0xEE: (b"Adobe", 12)}
"""The application segments that say what the pixels mean: how they begin, and the least bytes of a whole one."""
_EXIF, _XMP = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0"
_COEFFICIENTS = 64
_FILLINGS = [b"".join(bits + bytes([0xFF, 0xD0 + n % 8]) for n in range(16)) for bits in (b"\x55" * 64, b"\xaa" * 64)]
"""Pixels, with and without a restart marker before them, that are not the grey which a decoder fills a missing part with."""


def without_metadata(data: bytes) -> tuple[bytes, dict[str, Any]]:
    """A JPEG file with no application segments but those that decoding needs, and its EXIF and XMP as ``Image.info`` has them.

    Pillow reads some of the others while it opens a file, and refuses the file for what it does not understand in them.
    """
    info: dict[str, Any] = {}
    kept, place = [data[:2]], 2
    for marker, start, end in _segments(data):
        body, place = data[start + 4 : end], end
        if marker == 0xE1 and body.startswith(_EXIF):
            info.setdefault("exif", body)
        elif marker == 0xE1 and body.startswith(_XMP):
            info.setdefault("xmp", body[len(_XMP) :])
        if _is_needed(marker, body):
            kept.append(data[start:end])
        if marker == _SCAN:
            break
    return b"".join([*kept, data[place:]]), info


def lacks_only_its_end(data: bytes) -> bool:
    """Whether every pixel of a JPEG file is there and only the marker that ends it is missing.

    All scans are there, and what follows the last one makes no difference to the pixels. Raises what Pillow raises.
    """
    data = data.removesuffix(END[:1])
    if not _has_all_scans(data):
        return False
    whole = _digest(data + END)
    return all(_digest(data + filling + END) == whole for filling in _FILLINGS)


def _digest(data: bytes) -> bytes:
    """A hash of a file's pixels."""
    pixels = sha256()
    with Image.open(io.BytesIO(data), formats=["JPEG"]) as image:
        for box in strips(image.size):
            pixels.update(image.crop(box).tobytes())
    return pixels.digest()


def _is_needed(marker: int, body: bytes) -> bool:
    if not 0xE0 <= marker <= 0xEF:
        return True
    start, least = _NEEDED.get(marker, (b"", 0))
    return bool(start) and body.startswith(start) and len(body) >= least


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Marker, start and end of each segment, until something is no segment; the pixels of a scan are passed over."""
    place = 2
    while len(data) >= place + 4 and data[place] == 0xFF:
        marker = data[place + 1]
        if marker == 0xFF:  # a filling byte before a marker
            place += 1
            continue
        if marker in (*_BARE, 0x00, END[1]):
            return
        end = place + 2 + int.from_bytes(data[place + 2 : place + 4], "big")
        yield marker, place, end
        place = _scan_end(data, end) if marker == _SCAN else end


def _scan_end(data: bytes, place: int) -> int:
    """Where the next marker after a scan's pixels is; in them 0xFF is followed by 0 or is a restart marker."""
    while True:
        place = data.find(b"\xff", place)
        if place < 0 or place + 1 >= len(data):
            return len(data)
        if data[place + 1] != 0x00 and not 0xD0 <= data[place + 1] <= 0xD7:
            return place
        place += 2


def _has_all_scans(data: bytes) -> bool:
    """Whether the scans hold every bit of every coefficient of every component; arithmetic and lossless coding are not looked into."""
    missing: dict[int, list[int]] = {}
    try:
        for marker, start, _ in _segments(data):
            if marker in _HUFFMAN_FRAMES:
                missing = {data[start + 10 + 3 * n]: [1] * _COEFFICIENTS for n in range(data[start + 9])}
            if marker == _SCAN:
                count = data[start + 4]
                first, last, bits = struct.unpack_from("BBB", data, start + 5 + 2 * count)
                for n in range(count):
                    missing[data[start + 5 + 2 * n]][first : last + 1] = [bits & 15] * (last + 1 - first)
    except (IndexError, KeyError, struct.error):
        return False
    return bool(missing) and not any(any(bits) for bits in missing.values())

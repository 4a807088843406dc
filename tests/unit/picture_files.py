"""Picture files made from numbers: with any EXIF, any metadata segment, any colour profile."""

import io
import struct
import zlib
from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import numpy as np
from PIL import Image, ImageCms

ORIENTATION = 0x0112
Entry = tuple[int, int, int, bytes]
"""Tag, type, count and value of an EXIF entry; up to 4 bytes of value lie in the entry, more behind the directory."""


def saved(image: Image.Image, file_format: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format=file_format, **options)
    return buffer.getvalue()


def gradient(width: int = 24, height: int = 16) -> Image.Image:
    x, y = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    return Image.fromarray(np.stack([x, y, 255 - x], axis=-1).astype(np.uint8))


def same(a: Image.Image, b: Image.Image) -> bool:
    return np.array_equal(np.asarray(a), np.asarray(b))


def tiff(entries: Sequence[Entry], *, order: str = "<") -> bytes:
    """EXIF's TIFF file with one directory, without the leading ``Exif``."""
    behind = 8 + 2 + 12 * len(entries) + 4
    directory, values = b"", b""
    for tag, kind, count, value in entries:
        directory += struct.pack(order + "HHI", tag, kind, count)
        if len(value) <= 4:
            directory += value.ljust(4, b"\0")
        else:
            directory += struct.pack(order + "I", behind + len(values))
            values += value
    start = b"II*\0" if order == "<" else b"MM\0*"
    return start + struct.pack(order + "IH", 8, len(entries)) + directory + bytes(4) + values


def oriented(value: int, *, order: str = "<") -> Entry:
    return ORIENTATION, 3, 1, struct.pack(order + "H", value)


def with_segment(jpeg: bytes, marker: int, body: bytes) -> bytes:
    """A JPEG file with one more segment in front of all others."""
    return jpeg[:2] + struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body + jpeg[2:]


def with_exif(jpeg: bytes, exif: bytes) -> bytes:
    return with_segment(jpeg, 0xE1, b"Exif\0\0" + exif)


def with_chunk(png: bytes, kind: bytes, body: bytes, *, checksum: int | None = None) -> bytes:
    """A PNG file with one more chunk behind the header."""
    right = zlib.crc32(kind + body)
    chunk = struct.pack(">I", len(body)) + kind + body + struct.pack(">I", right if checksum is None else checksum)
    return png[:33] + chunk + png[33:]


def red_is_blue() -> bytes:
    """The profile of colours whose red is sRGB's blue; its name says nothing of it."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return srgb.replace(b"rXYZ", b"?XYZ").replace(b"bXYZ", b"rXYZ").replace(b"?XYZ", b"bXYZ")


def cmyk_profile(corners: Callable[[int, int, int, int], tuple[int, int, int]]) -> bytes:
    """The profile of four inks: ``corners`` gives Lab, in bytes (L of 0 to 255, a and b from 128), for each ink at none (0) or all (1).

    One table (ICC.1:2001, 6.5.7) of two steps an ink, so that what lies between is interpolated.
    """
    ramp = bytes([0, 255])
    table = b"".join(bytes(corners(*inks)) for inks in product((0, 1), repeat=4))
    matrix = struct.pack(">9i", *(0x10000 * (n % 4 == 0) for n in range(9)))
    ramps = [bytes(range(256)) * count for count in (4, 3)]
    lut = b"mft1" + bytes(4) + bytes([4, 3, len(ramp), 0]) + matrix + ramps[0] + table + ramps[1]
    body = struct.pack(">I4sII", 1, b"A2B0", 128 + 16, len(lut)) + lut
    d50 = struct.pack(">iii", 0xF6D6, 0x10000, 0xD32D)
    header = struct.pack(">I4sI4s4s4s12x4s", 128 + len(body), b"\0" * 4, 0x02100000, b"prtr", b"CMYK", b"Lab ", b"acsp")
    return header.ljust(68, b"\0") + d50 + bytes(48) + body


def linear_grey() -> bytes:
    """The profile of greys whose levels are light itself: 128 of it is about 188 in sRGB."""
    d50 = struct.pack(">iii", 0xF6D6, 0x10000, 0xD32D)
    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, 0x0100) + bytes(2)
    white = b"XYZ " + bytes(4) + d50
    start = 128 + 4 + 2 * 12
    tags = struct.pack(">I4sII4sII", 2, b"kTRC", start, 14, b"wtpt", start + len(curve), len(white))
    body = tags + curve + white
    header = struct.pack(">I4sI4s4s4s12x4s", 128 + len(body), b"\0" * 4, 0x02100000, b"mntr", b"GRAY", b"XYZ ", b"acsp")
    return header.ljust(68, b"\0") + d50 + bytes(48) + body

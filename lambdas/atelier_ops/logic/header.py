"""Format and size of a picture file from its header, without a picture library: a Lambda has none."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace

from contracts.pictures import HEIC_SEQUENCES, JPEG, PNG, START, format_of

_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
"""JPEG's markers of a frame header; the three others of the row are tables."""
_PNG_ALPHA = (4, 6)
"""PNG's colour types with an alpha channel: of greys and of colours."""
_BARE = {0x01, *range(0xD0, 0xD9)}
"""JPEG's markers without a length."""
_TURNING = (b"Exif", b"EXIF", b"eXIf", b"Raw profile type", b"tiff:Orientation", b"irot")
"""Where a file keeps how its picture is to be turned."""


@dataclass(frozen=True, kw_only=True)
class Header:
    """What a file says of itself: ``png``, ``jpeg``, ``webp`` or ``heic``, and the stored size in pixels.

    ``may_be_turned`` says whether metadata could turn the picture by a quarter, so that its sides change places; ``may_be_transparent``
    whether a pixel could be transparent: a file with an alpha channel may yet be opaque.
    """

    format: str
    width: int
    height: int
    animated: bool = False
    may_be_transparent: bool = True
    may_be_turned: bool = False


def read_header(body: bytes) -> Header | None:
    """The header of a picture file; None where it is of no such format or ends within the header."""
    try:
        header = _png(body) or _jpeg(body) or _webp(body) or _heic(body)
    except (struct.error, IndexError):
        return None
    return header and replace(header, may_be_turned=any(mark in body for mark in _TURNING))


def _png(body: bytes) -> Header | None:
    """https://www.w3.org/TR/png-3/: the first chunk is IHDR; an animation has acTL before IDAT, and a colour that is clear tRNS."""
    if not body.startswith(PNG) or body[12:16] != b"IHDR":
        return None
    width, height, _, colours = struct.unpack_from(">IIBB", body, 16)
    frames, transparent, place = 1, colours in _PNG_ALPHA, len(PNG)
    while (kind := body[place + 4 : place + 8]) and kind != b"IDAT":
        if kind == b"acTL":
            (frames,) = struct.unpack_from(">I", body, place + 8)
        transparent |= kind == b"tRNS"
        place += 12 + int.from_bytes(body[place : place + 4])
    return Header(format="png", width=width, height=height, animated=frames > 1, may_be_transparent=transparent)


def _jpeg(body: bytes) -> Header | None:
    """ITU T.81, annex B: segments up to the frame header."""
    if not body.startswith(JPEG):
        return None
    place = 2
    while True:
        while body[place] != 0xFF or body[place + 1] in (0x00, 0xFF):
            place += 1
        marker = body[place + 1]
        if marker in _FRAMES:
            height, width = struct.unpack_from(">HH", body, place + 5)
            return Header(format="jpeg", width=width, height=height, may_be_transparent=False)
        if marker in (0xD9, 0xDA):  # the picture ends, or its pixels begin, without a frame header
            return None
        place += 2 if marker in _BARE else 2 + struct.unpack_from(">H", body, place + 2)[0]


def _webp(body: bytes) -> Header | None:
    """RFC 9649: the first chunk is lossy (VP8), lossless (VP8L) or extended (VP8X)."""
    if body[:4] != b"RIFF" or body[8:12] != b"WEBP":
        return None
    kind = body[12:16]
    if kind == b"VP8 " and body[23:26] == b"\x9d\x01\x2a":
        width, height = struct.unpack_from("<HH", body, 26)
        return Header(format="webp", width=width & 0x3FFF, height=height & 0x3FFF, may_be_transparent=False)
    if kind == b"VP8L" and body[20] == 0x2F:
        (bits,) = struct.unpack_from("<I", body, 21)
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        return Header(format="webp", width=width, height=height, may_be_transparent=bool(bits >> 28 & 1))
    return _extended_webp(body) if kind == b"VP8X" and len(body) >= 30 else None


def _extended_webp(body: bytes) -> Header:
    """An alpha channel is announced by a flag; decoders also take one that is there without it."""
    width, height = (int.from_bytes(body[at : at + 3], "little") + 1 for at in (24, 27))
    animated = bool(body[20] & 0x02) and body.count(b"ANMF") > 1
    transparent = bool(body[20] & 0x10) or b"ALPH" in body or b"VP8L" in body
    return Header(format="webp", width=width, height=height, animated=animated, may_be_transparent=transparent)


def _heic(body: bytes) -> Header | None:
    """ISO/IEC 23008-12: the largest of the sizes (ispe) that the file's items have; thumbnails and tiles are smaller."""
    if format_of(body[:START]) != "heic":
        return None
    sizes = list(_item_sizes(_meta(body)))
    width, height = max(sizes, key=lambda size: size[0] * size[1], default=(0, 0))
    return Header(format="heic", width=width, height=height, animated=body[8:12] in HEIC_SEQUENCES) if sizes else None


def _meta(body: bytes) -> bytes:
    """The box that describes the file's items; a size of 1 says that the real one follows in 8 bytes (ISO/IEC 14496-12)."""
    place = 0
    while len(body) >= place + 8:
        size, kind = struct.unpack_from(">I4s", body, place)
        if size == 1:
            (size,) = struct.unpack_from(">Q", body, place + 8)
        if kind == b"meta":
            return body[place : place + size]
        if size < 8:  # up to the end of the file, or no box
            break
        place += size
    return b""


def _item_sizes(meta: bytes) -> Iterator[tuple[int, int]]:
    place = meta.find(b"ispe")
    while place >= 0:
        yield struct.unpack_from(">II", meta, place + 8)
        place = meta.find(b"ispe", place + 4)

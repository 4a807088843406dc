"""PNG files below Pillow: what of a file decoding needs, and its metadata apart (https://www.w3.org/TR/png-3/)."""

import zlib
from collections.abc import Iterator
from typing import Any

START = b"\x89PNG\r\n\x1a\n"

_NEEDED = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"acTL", b"fcTL", b"fdAT")
_MOST_METADATA = 16 * 2**20
"""Bytes of one piece of metadata; what is larger is cut off."""
_XMP, _RAW = b"XML:com.adobe.xmp", b"Raw profile type exif"


def without_metadata(data: bytes) -> tuple[bytes, dict[str, Any]]:
    """A PNG file with no chunks but those that decoding needs, and its EXIF, XMP and colour profile as ``Image.info`` has them.

    Pillow reads the others too, and refuses the file for what it does not understand in them.
    """
    kept, info, place = [START], {}, len(START)
    for kind, start, end in _chunks(data):
        place = end
        if kind in _NEEDED:
            kept.append(data[start:end])
        else:
            info.update(_metadata(kind, data[start + 8 : end - 4]))
    return b"".join([*kept, data[place:]]), info


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Type, start and end of each whole chunk."""
    place = len(START)
    while len(data) >= place + 12:
        end = place + 12 + int.from_bytes(data[place : place + 4], "big")
        if end > len(data):
            return
        yield data[place + 4 : place + 8], place, end
        place = end


def _metadata(kind: bytes, body: bytes) -> dict[str, Any]:
    name, _, rest = body.partition(b"\0")
    if kind == b"eXIf":
        return {"exif": body}
    if kind == b"iCCP":
        return {"icc_profile": _inflated(rest[1:])}
    if kind == b"iTXt" and name == _XMP:
        text = rest[2:].split(b"\0", 2)[-1]  # after the language and the translated name
        return {"xmp": _inflated(text) if rest[:1] == b"\1" else text}
    if kind in (b"tEXt", b"zTXt") and name == _RAW:
        text = rest if kind == b"tEXt" else _inflated(rest[1:])
        return {_RAW.decode(): text.decode("latin-1")}
    return {}


def _inflated(body: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(body, _MOST_METADATA)
    except zlib.error:
        return b"damaged"

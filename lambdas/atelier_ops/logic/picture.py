"""Picture files without a picture library: telling them by their first bytes, and drawing a plain one."""

import base64
import binascii
import struct
import zlib

from contracts.errors import InvalidInputError

PNG = b"\x89PNG\r\n\x1a\n"
JPEG = b"\xff\xd8\xff"
START = 12
"""Bytes that tell a format."""


def format_of(start: bytes) -> str | None:
    """``png``, ``jpeg``, ``webp`` or None, from a file's first 12 bytes."""
    if start.startswith(PNG):
        return "png"
    if start.startswith(JPEG):
        return "jpeg"
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "webp"
    return None


def decode_picture(where: str, text: str) -> tuple[bytes, str]:
    """The bytes and format of a base64 picture. Raises InvalidInputError where it is not one."""
    try:
        body = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidInputError(where, got=text[:40], allowed="base64 of a PNG, JPEG or WebP file") from error
    file_format = format_of(body[:START])
    if file_format is None:
        raise InvalidInputError(where, got=body[:START], allowed="a PNG, JPEG or WebP file")
    return body, file_format


def grey_png(side: int, level: int, square: int | None = None) -> bytes:
    """An 8-bit greyscale PNG of ``side`` pixels at ``level`` (0-255); ``square`` is the level of its middle half."""
    rows = []
    for y in range(side):
        row = bytearray([level]) * side
        if square is not None and side // 4 <= y < side - side // 4:
            row[side // 4 : side - side // 4] = bytearray([square]) * (side - 2 * (side // 4))
        rows.append(b"\0" + bytes(row))
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"".join(rows))), (b"IEND", b""))
    return PNG + b"".join(_chunk(kind, body) for kind, body in chunks)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

"""Picture files without a picture library: told by their first bytes."""

import base64
import binascii

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

"""Picture files without a picture library: told by their first bytes."""

import base64
import binascii

from contracts.errors import InvalidInputError

PNG = b"\x89PNG\r\n\x1a\n"
JPEG = b"\xff\xd8\xff"
START = 64
"""Bytes that tell a format."""

_HEIC = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
_CONTAINER = {b"mif1", b"msf1"}
"""Brands of files that hold pictures in any coding: their list of compatible brands says in which."""


def format_of(start: bytes) -> str | None:
    """``png``, ``jpeg``, ``webp``, ``heic`` or None, from a file's first 64 bytes."""
    if start.startswith(PNG):
        return "png"
    if start.startswith(JPEG):
        return "jpeg"
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "webp"
    return "heic" if start[4:8] == b"ftyp" and _is_heic(start) else None


def _is_heic(start: bytes) -> bool:
    """Whether a box of ISO/IEC 14496-12's file type (size, ``ftyp``, brand, version, compatible brands) is of HEIF's coding HEVC."""
    brand, end = start[8:12], min(len(start), int.from_bytes(start[:4]))
    compatible = {start[at : at + 4] for at in range(16, end, 4)}
    return bool({brand, *compatible} & _HEIC) or (brand in _CONTAINER and b"avif" not in compatible)


def decode_picture(where: str, text: str) -> tuple[bytes, str]:
    """The bytes and format of a base64 picture. Raises InvalidInputError where it is not one."""
    try:
        body = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidInputError(where, got=text[:40], allowed="base64 of a PNG, JPEG, WebP or HEIC file") from error
    file_format = format_of(body[:START])
    if file_format is None:
        raise InvalidInputError(where, got=body[:12], allowed="a PNG, JPEG, WebP or HEIC file")
    return body, file_format

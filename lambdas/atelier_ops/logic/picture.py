"""Picture files in base64, told by their first bytes: a Lambda has no picture library."""

import binascii

from contracts.errors import InvalidInputError
from contracts.pictures import START, format_of


def decode_picture(where: str, text: str | memoryview) -> tuple[bytes, str]:
    """The bytes and format of a base64 picture. Raises InvalidInputError where it is not one."""
    try:
        body = binascii.a2b_base64(text, strict_mode=True)
    except (binascii.Error, ValueError) as error:
        start = text[:40] if isinstance(text, str) else bytes(text[:40])
        raise InvalidInputError(where, got=start, allowed="base64 of a PNG, JPEG, WebP or HEIC file") from error
    file_format = format_of(body[:START])
    if file_format is None:
        raise InvalidInputError(where, got=body[:12], allowed="a PNG, JPEG, WebP or HEIC file")
    return body, file_format

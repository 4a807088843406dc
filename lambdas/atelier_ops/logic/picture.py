"""Picture files in base64, told by their first bytes: a Lambda has no picture library."""

import base64
import binascii

from contracts.errors import InvalidInputError
from contracts.pictures import START, format_of


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

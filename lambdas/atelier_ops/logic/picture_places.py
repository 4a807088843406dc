"""The pictures of a prediction's input: each is inline, or an upload that the input names by its key."""

import re
from typing import Any

from atelier_ops.gateways.storage import ObjectStore
from atelier_ops.logic.http import Request
from atelier_ops.logic.own_uploads import ALLOWED, own_upload
from contracts.errors import InvalidInputError
from contracts.layout import UPLOADS, S3Uri
from contracts.prediction import PredictionInput

_PICTURES = ("image", "mask")
_ADDRESS = re.compile(r"\s*(?!data:)[A-Za-z][A-Za-z0-9+.-]*:")
"""What begins like an address of any kind."""


def check_places(inputs: PredictionInput, request: Request) -> None:
    """A place may only be one that POST /v1/files gave, whatever the mode does with the picture. Raises InvalidInputError."""
    for name in _PICTURES:
        value = getattr(inputs, name)
        if value.startswith(UPLOADS):
            own_upload(value, request, where=f"input.{name}")
        elif _ADDRESS.match(value):
            raise InvalidInputError(f"input.{name}", got=value, allowed=f"base64, a data: URI, or {ALLOWED}")


def addressed(inputs: PredictionInput, media: ObjectStore) -> dict[str, Any]:
    """The input as the model server reads it: with the addresses of uploads."""
    body = inputs.to_json()
    for name in _PICTURES:
        if body.get(name, "").startswith(UPLOADS):
            body[name] = str(S3Uri(bucket=media.bucket, key=body[name]))
    return body


def echo(inputs: PredictionInput) -> dict[str, Any]:
    """The input without inline pictures, which a record cannot hold."""
    body = inputs.to_json()
    for name in _PICTURES:
        if name in body and not body[name].startswith(UPLOADS):
            body[name] = f"inline picture, {len(body[name])} characters"
    return body

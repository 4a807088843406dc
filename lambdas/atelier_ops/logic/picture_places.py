"""The pictures of a prediction's input: each is inline, or an upload that the input names by its key."""

import re
from typing import Any
from urllib.parse import unquote

from atelier_ops.gateways.storage import ObjectStore
from atelier_ops.logic.http import Request
from atelier_ops.logic.own_uploads import ALLOWED, own_upload
from contracts.errors import InvalidInputError
from contracts.layout import UPLOADS, S3Uri
from contracts.prediction import PredictionInput

_PICTURES = ("image", "mask")
_LONGEST_ADDRESS = 8_192
_ADDRESS = re.compile(r"\s*(?!data:)[A-Za-z][A-Za-z0-9+.-]*:")
"""What begins like an address of any kind."""


def with_keys(inputs: PredictionInput, media: ObjectStore) -> PredictionInput:
    """The input with the keys of uploads where it has their addresses, as clients in Replicate's style send them (``urls.get``)."""
    keys = {name: key for name in _PICTURES if (key := _key_at(getattr(inputs, name), media))}
    return inputs.model_copy(update=keys) if keys else inputs


def _key_at(address: str, media: ObjectStore) -> str:
    """The key of an upload that lies at an address of the media bucket, signed or not; empty for anything else."""
    if not address.startswith(("http://", "https://")) or len(address) > _LONGEST_ADDRESS:
        return ""
    place = unquote(address.partition("?")[0])
    _, found, rest = place.partition(f"/{UPLOADS}")
    key = UPLOADS + rest
    if not found or unquote(media.get_url(key, 1).partition("?")[0]) != place:
        return ""
    return key


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

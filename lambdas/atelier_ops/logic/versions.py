"""Finding out what serves a style: its published versions, and the endpoint and adapter each one needs."""

import re
from dataclasses import dataclass

from atelier_ops.errors import MissingObjectError
from atelier_ops.gateways.storage import ObjectStore, read_json
from atelier_ops.logic.names import style_endpoint
from contracts.artifact import StyleManifest
from contracts.errors import InvalidInputError
from contracts.layout import LATEST, MANIFEST, style_prefix
from contracts.prediction import ADAPTER_PATTERN

BASE = "base"
"""The model name of a prediction without a style."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """Where a prediction goes: the endpoint, the adapter it loads (empty for none), and how the API names both."""

    endpoint: str
    adapter: str
    model: str
    version: str


def resolve(version: str, models: ObjectStore, *, shared_endpoint: str, name_prefix: str) -> Target:
    """The target of ``style`` or ``style@version``; empty means the base model. Raises InvalidInputError."""
    if not version:
        return Target(endpoint=shared_endpoint, adapter="", model=BASE, version=BASE)
    if not re.fullmatch(ADAPTER_PATTERN, version):
        raise InvalidInputError("version", got=version, allowed="style or style@version")
    style, _, digits = version.partition("@")
    newest = _newest(style, models)
    number = int(digits) if digits else newest
    name = f"{style}@{number}"
    manifest = _manifest(style, number, models)
    if manifest.method == "lora":
        return Target(endpoint=shared_endpoint, adapter=name, model=style, version=name)
    if number != newest:
        raise InvalidInputError(
            "version", got=name, allowed=f"{style}@{newest}: a full fine-tune's endpoint serves its newest version only"
        )
    return Target(endpoint=style_endpoint(name_prefix, style), adapter="", model=style, version=name)


def _newest(style: str, models: ObjectStore) -> int:
    try:
        return int(read_json(models, style_prefix(style) + LATEST)["version"])
    except MissingObjectError as error:
        raise InvalidInputError("version", got=style, allowed="a style that has a published version") from error


def _manifest(style: str, number: int, models: ObjectStore) -> StyleManifest:
    try:
        return StyleManifest.from_json(read_json(models, style_prefix(style, number) + MANIFEST))
    except MissingObjectError as error:
        raise InvalidInputError("version", got=f"{style}@{number}", allowed="a published version") from error

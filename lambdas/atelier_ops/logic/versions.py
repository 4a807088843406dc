"""Finding out what serves a style: its published versions, and the endpoint and adapter each one needs."""

import re
from dataclasses import dataclass

from atelier_ops.errors import MissingObjectError
from atelier_ops.gateways.storage import ObjectStore, read_json
from atelier_ops.logic.names import style_endpoint
from atelier_ops.logic.promotion import Promotion, promoted_version
from contracts.artifact import StyleManifest
from contracts.errors import InvalidInputError
from contracts.execution import BASE
from contracts.layout import MANIFEST, STYLES, style_prefix
from contracts.prediction import ADAPTER_PATTERN

MOST_NAMES = 20
"""Styles that an error lists."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """Where a prediction goes: the endpoint, the adapter it loads (empty for none), and how the API names both."""

    endpoint: str
    adapter: str
    model: str
    version: str


@dataclass(frozen=True, kw_only=True)
class PublishedVersion:
    """One published version of a style."""

    style: str
    number: int
    method: str
    model_package: str

    @property
    def name(self) -> str:
        """``style@version``."""
        return f"{self.style}@{self.number}"


def resolve(version: str, models: ObjectStore, *, shared_endpoint: str, name_prefix: str) -> Target:
    """The target of ``style`` or ``style@version``; ``base`` and nothing mean the base model. Raises InvalidInputError."""
    if version in ("", BASE):
        return Target(endpoint=shared_endpoint, adapter="", model=BASE, version=BASE)
    found = find_version(version, models, where="version")
    if found.method == "lora":
        return Target(endpoint=shared_endpoint, adapter=found.name, model=found.style, version=found.name)
    endpoint = style_endpoint(name_prefix, found.style, found.number)
    return Target(endpoint=endpoint, adapter="", model=found.style, version=found.name)


def resolve_adapter(adapter: str, models: ObjectStore) -> str:
    """``style@version`` of the adapter that ``style`` or ``style@version`` means. Raises InvalidInputError."""
    found = find_version(adapter, models, where="input.adapter")
    if found.method != "lora":
        allowed = f'"version": "{found.name}": a full fine-tune is no adapter, an endpoint of its own serves it'
        raise InvalidInputError("input.adapter", got=adapter, allowed=allowed)
    return found.name


def find_version(name: str, models: ObjectStore, *, where: str) -> PublishedVersion:
    """The published version that ``style`` (its promoted one) or ``style@version`` means.

    Raises InvalidInputError that lists the styles or versions there are, and calls the name ``where``.
    """
    if not re.fullmatch(ADAPTER_PATTERN, name):
        raise InvalidInputError(where, got=name, allowed="style or style@version")
    style, _, digits = name.partition("@")
    number = int(digits) if digits else promoted_version(style, models)
    if number is None:
        raise _nothing(name, style, models, where)
    try:
        return read_version(style, number, models)
    except MissingObjectError as error:
        raise _nothing(name, style, models, where) from error


def read_version(style: str, number: int, models: ObjectStore) -> PublishedVersion:
    """One published version. Raises MissingObjectError."""
    manifest = StyleManifest.from_json(read_json(models, style_prefix(style, number) + MANIFEST))
    return PublishedVersion(style=style, number=number, method=manifest.method, model_package=manifest.model_package)


def _nothing(name: str, style: str, models: ObjectStore, where: str) -> InvalidInputError:
    """What is there instead: versions of the style (its bare name means one only once it is promoted), or else styles."""
    versions = " | ".join(f"{style}@{number}" for number in published_versions(style, models)[-MOST_NAMES:])
    allowed = (
        f"a published version: {versions}" if versions else f"a style that is published: {published_styles(models)}"
    )
    return InvalidInputError(where, got=name, allowed=allowed)


def versions_left(style: str, promotion: Promotion, models: ObjectStore) -> list[int]:
    """The full fine-tunes older than the promoted version, but for the one that was promoted before it: that is the way back."""
    older = (number for number in published_versions(style, models) if number < promotion.version)
    return [
        number
        for number in older
        if number != promotion.previous and read_version(style, number, models).method == "full"
    ]


def published_versions(style: str, models: ObjectStore) -> list[int]:
    """The numbers of a style's complete versions, in order."""
    return published_numbers(style_prefix(style), models)


def published_numbers(prefix: str, models: ObjectStore) -> list[int]:
    """The numbers, in order, of what is complete at ``{prefix}{number}/``."""
    form = re.compile(rf"{re.escape(prefix)}([1-9]\d*)/{re.escape(MANIFEST)}")
    matches = (form.fullmatch(entry.key) for entry in models.listing(prefix))
    return sorted(int(match[1]) for match in matches if match)


def published_styles(models: ObjectStore) -> str:
    """The names of the styles there are, for an error."""
    names = models.folders(STYLES)
    rest = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return " | ".join(names[:MOST_NAMES]) + rest if names else "no style is published yet"

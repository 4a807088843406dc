"""What a prediction's words for a version mean to its client: a version of a style that it may read, and the endpoint that serves it."""

import re
from dataclasses import dataclass
from typing import Protocol

from atelier_ops.errors import MissingObjectError
from atelier_ops.logic.http import Request
from atelier_ops.logic.names import style_endpoint
from atelier_ops.logic.ownership import MOST_NAMES, StyleSources, may_read, styles_in_words
from atelier_ops.logic.promotion import promoted_version
from atelier_ops.logic.versions import PublishedVersion, published_versions, read_version
from contracts.errors import InvalidInputError
from contracts.execution import BASE, UPSCALE
from contracts.modes import MODES
from contracts.prediction import ADAPTER_PATTERN


@dataclass(frozen=True, kw_only=True)
class ServingTarget:
    """Where a prediction goes: the endpoint, the adapter it loads (empty for none) and the style's task, and how the API names both."""

    endpoint: str
    adapter: str
    model: str
    version: str
    task: str = ""

    def require_mode(self, mode: str) -> None:
        """Raises InvalidInputError where a prediction of this mode cannot be made with the style."""
        if self.adapter or self.task == UPSCALE:
            require_fit("version", self.version, self.task, mode)


class Targets(StyleSources, Protocol):
    """What says besides which endpoint serves a style."""

    @property
    def shared_endpoint(self) -> str:
        """The one of the base model and its adapters."""
        ...

    @property
    def name_prefix(self) -> str:
        """How the names of styles' own endpoints begin."""
        ...


def resolve(version: str, request: Request, dependencies: Targets) -> ServingTarget:
    """The target of ``style`` or ``style@version``; ``base`` and nothing mean the base model. Raises InvalidInputError."""
    shared = dependencies.shared_endpoint
    if version in ("", BASE):
        return ServingTarget(endpoint=shared, adapter="", model=BASE, version=BASE)
    found = find_version(version, request, dependencies, where="version")
    if found.method == "lora":
        return ServingTarget(
            endpoint=shared, adapter=found.name, model=found.style, version=found.name, task=found.task
        )
    endpoint = style_endpoint(dependencies.name_prefix, found.style, found.number)
    return ServingTarget(endpoint=endpoint, adapter="", model=found.style, version=found.name, task=found.task)


def resolve_adapter(
    adapter: str, request: Request, dependencies: StyleSources, *, mode: str, where: str = "input.adapter"
) -> str:
    """``style@version`` of the adapter that ``style`` or ``style@version`` means to a mode. Raises InvalidInputError."""
    found = find_version(adapter, request, dependencies, where=where)
    if found.method != "lora":
        allowed = f'"version": "{found.name}": a full fine-tune is no adapter, an endpoint of its own serves it'
        raise InvalidInputError(where, got=adapter, allowed=allowed)
    require_fit(where, found.name, found.task, mode)
    return found.name


def require_fit(where: str, name: str, task: str, mode: str) -> None:
    """Raises InvalidInputError where a mode uses adapters, but none of a style for this task: an upscaler's fit nothing that paints."""
    if "adapter" in MODES[mode].uses and (task == UPSCALE) != (mode == UPSCALE):
        allowed = f"a style for upscale, or {BASE}" if mode == UPSCALE else f"in mode {UPSCALE} only"
        raise InvalidInputError(where, got=f"{name}, a style for {task}", allowed=allowed)


def find_version(name: str, request: Request, dependencies: StyleSources, *, where: str) -> PublishedVersion:
    """The published version that ``style`` (its promoted one) or ``style@version`` means.

    Raises InvalidInputError that lists the styles or versions there are for the client, and calls the name ``where``; and for one that may
    not be used as this stage uses it.
    """
    if not re.fullmatch(ADAPTER_PATTERN, name):
        raise InvalidInputError(where, got=name, allowed="style or style@version")
    style, _, digits = name.partition("@")
    if not may_read(style, request, dependencies):
        raise _no_style(name, request, dependencies, where)
    models = dependencies.models
    number = int(digits) if digits else promoted_version(style, models)
    if number is None:
        raise _nothing(name, style, request, dependencies, where)
    try:
        found = read_version(style, number, models)
    except MissingObjectError as error:
        raise _nothing(name, style, request, dependencies, where) from error
    if found.commercial == "no" and dependencies.commercial:
        got, allowed = f"{found.name}, which may not be used commercially", "another: pictures of this stage are"
        raise InvalidInputError(where, got=got, allowed=allowed)
    return found


def _nothing(name: str, style: str, request: Request, dependencies: StyleSources, where: str) -> InvalidInputError:
    """What is there instead: versions of the style (its bare name means one only once it is promoted), or else styles."""
    numbers = published_versions(style, dependencies.models)[-MOST_NAMES:]
    if not numbers:
        return _no_style(name, request, dependencies, where)
    versions = " | ".join(f"{style}@{number}" for number in numbers)
    return InvalidInputError(where, got=name, allowed=f"a published version: {versions}")


def _no_style(name: str, request: Request, dependencies: StyleSources, where: str) -> InvalidInputError:
    allowed = f"a style that is published: {styles_in_words(request, dependencies)}"
    return InvalidInputError(where, got=name, allowed=allowed)

"""A style's published versions."""

import re
from dataclasses import dataclass

from atelier_ops.errors import MissingObjectError
from atelier_ops.gateways.registry import Packages
from atelier_ops.gateways.storage import ObjectStore, read_json
from atelier_ops.logic.promotion import Promotion
from contracts.artifact import StyleManifest
from contracts.layout import MANIFEST, STYLE_PATTERN, style_prefix
from contracts.terms import YesOrNo


@dataclass(frozen=True, kw_only=True)
class PublishedVersion:
    """One published version of a style; its task, and whether it may be used commercially, where that is known."""

    style: str
    number: int
    method: str
    model_package: str
    task: str = ""
    commercial: YesOrNo | None = None

    @property
    def name(self) -> str:
        """``style@version``."""
        return f"{self.style}@{self.number}"


def is_style(name: str) -> bool:
    """Whether a style can be called so."""
    return re.fullmatch(STYLE_PATTERN, name) is not None


def read_version(style: str, number: int, models: ObjectStore) -> PublishedVersion:
    """One published version. Raises MissingObjectError."""
    manifest = StyleManifest.from_json(read_json(models, style_prefix(style, number) + MANIFEST))
    return PublishedVersion(
        style=style,
        number=number,
        method=manifest.method,
        task=manifest.task,
        model_package=manifest.model_package,
        commercial=manifest.commercial,
    )


def approval_of(style: str, number: int, models: ObjectStore, packages: Packages) -> str:
    """What the registry says of a published version now; empty where the version or its package is gone."""
    try:
        package = packages.find(read_version(style, number, models).model_package)
    except MissingObjectError:
        return ""
    return package.status if package else ""


def versions_left(style: str, promotion: Promotion, models: ObjectStore) -> list[int]:
    """The full fine-tunes older than the promoted version, but for the one that was promoted before it: that is the way back."""
    older = (number for number in published_versions(style, models) if number < promotion.version)
    return [number for number in older if number != promotion.previous and _is_full(style, number, models)]


def _is_full(style: str, number: int, models: ObjectStore) -> bool:
    """Whether a version is a full fine-tune; one that was deleted this moment is none any more."""
    try:
        return read_version(style, number, models).method == "full"
    except MissingObjectError:
        return False


def published_versions(style: str, models: ObjectStore) -> list[int]:
    """The numbers of a style's complete versions, in order."""
    return published_numbers(style_prefix(style), models)


def published_numbers(prefix: str, models: ObjectStore) -> list[int]:
    """The numbers, in order, of what is complete at ``{prefix}{number}/``."""
    form = re.compile(rf"{re.escape(prefix)}([1-9]\d*)/{re.escape(MANIFEST)}")
    matches = (form.fullmatch(entry.key) for entry in models.listing(prefix))
    return sorted(int(match[1]) for match in matches if match)

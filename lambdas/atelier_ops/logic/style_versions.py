"""The versions of a style: those that are published, and those that the registry has besides, which wait for approval or were rejected."""

import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from atelier_ops.errors import MissingObjectError
from atelier_ops.gateways.registry import ModelPackage, Packages
from atelier_ops.gateways.storage import ObjectStore, StoredObject, read_json
from atelier_ops.logic.http import Dependencies, ProblemError
from atelier_ops.logic.names import bounded
from atelier_ops.logic.promotion import Promotion, promotion_of
from atelier_ops.logic.timestamps import rfc3339, seconds
from contracts.artifact import StyleManifest
from contracts.layout import MANIFEST, run_prefix, style_prefix

READERS = 8
"""Versions that are looked at at a time."""

MOST_VERSIONS = 50
"""Versions that one answer has."""

DELETED = "deleted"
"""What the reason of the package of a version begins with that was deleted: its number is never given again (ADR 0033)."""

_APPROVALS = {"Approved": "approved", "Rejected": "rejected", "PendingManualApproval": "pending"}

OneT = TypeVar("OneT")
OtherT = TypeVar("OtherT")


@dataclass(frozen=True, kw_only=True)
class KnownVersion:
    """One version: its manifest where it is published, its package where it is still there."""

    style: str
    number: int
    manifest: StyleManifest | None = None
    package: ModelPackage | None = None
    objects: Sequence[StoredObject] = ()

    @property
    def name(self) -> str:
        """``style@version``."""
        return f"{self.style}@{self.number}"

    @property
    def execution(self) -> str:
        """The run that made it, or the import's name."""
        if self.manifest:
            return self.manifest.execution
        return self.package.metadata.get("execution", "") if self.package else ""

    @property
    def evaluated(self) -> str:
        """Where its evaluation lies in the data bucket."""
        return run_prefix(self.execution, "evaluate")


@dataclass(frozen=True, kw_only=True)
class KnownStyle:
    """A style: what its bare name means, the objects of each published version, and the packages by number."""

    name: str
    promotion: Promotion | None = None
    published: Mapping[int, Sequence[StoredObject]] = field(default_factory=dict)
    packages: Mapping[int, str] = field(default_factory=dict)

    @property
    def numbers(self) -> list[int]:
        """Every version, the newest first."""
        return sorted({*self.published, *self.packages}, reverse=True)

    def names(self) -> tuple[str | None, str | None]:
        """``style@version`` of what the bare name means, and of what it meant before."""
        if self.promotion is None:
            return None, None
        previous = self.promotion.previous
        return f"{self.name}@{self.promotion.version}", f"{self.name}@{previous}" if previous else None


def published_style(style: str, models: ObjectStore) -> KnownStyle:
    """The style as far as it is published."""
    prefix, found = style_prefix(style), dict[int, list[StoredObject]]()
    for entry in models.listing(prefix):
        number = entry.key.removeprefix(prefix).partition("/")[0]
        if number.isdecimal():
            found.setdefault(int(number), []).append(entry)
    complete = {number: objects for number, objects in found.items() if _manifest_key(style, number) in _keys(objects)}
    return KnownStyle(name=style, promotion=promotion_of(style, models), published=complete)


class VersionSources(Protocol):
    """Where versions are found, published or not."""

    @property
    def models(self) -> ObjectStore:
        """What is published."""
        ...

    @property
    def packages(self) -> Packages:
        """The registry."""
        ...

    @property
    def name_prefix(self) -> str:
        """How the registry's groups are called."""
        ...


def known_style(style: str, dependencies: VersionSources) -> KnownStyle:
    """The style as it is published, and all that the registry has of it."""
    published = published_style(style, dependencies.models)
    group = bounded(f"{dependencies.name_prefix}-{style}")
    packages = {int(arn.rpartition("/")[2]): arn for arn in dependencies.packages.listing(group)}
    return KnownStyle(name=style, promotion=published.promotion, published=published.published, packages=packages)


def is_deleted(package: str, packages: Packages) -> bool:
    """Whether the package is one of a version that was deleted."""
    found = packages.find(package)
    return found is not None and found.reason.startswith(DELETED)


def look_at(style: KnownStyle, numbers: Sequence[int], dependencies: VersionSources) -> list[KnownVersion]:
    """These versions, but those that were deleted."""
    found = in_parallel(lambda number: _look_at(style, number, dependencies), numbers)
    return [version for version in found if version is not None]


def require_version(style: KnownStyle, version: str, dependencies: Dependencies) -> KnownVersion:
    """The version of this number. Raises ProblemError 404 that lists what there is."""
    number = int(version) if version.isdecimal() and len(version) < 7 else 0
    found = look_at(style, [number] if number in style.numbers else [], dependencies)
    if not found:
        there = [each.number for each in look_at(style, style.numbers[:MOST_VERSIONS], dependencies)]
        allowed = ", ".join(map(str, sorted(there))) or "none: the style has no version"
        raise ProblemError(404, f"version: got {version}; allowed: {allowed}")
    return found[0]


def show(version: KnownVersion, style: KnownStyle, dependencies: Dependencies) -> dict[str, Any]:
    """A version as the API tells of it."""
    manifest, package = version.manifest, version.package
    facts = manifest.to_json() if manifest else dict(package.metadata if package else {})
    imported = bool(manifest and manifest.imported) or version.execution.startswith("import-")
    return {
        "style": version.style,
        "version": version.name,
        "number": version.number,
        "published": manifest is not None,
        "promoted": bool(style.promotion and style.promotion.version == version.number),
        "approval": _APPROVALS.get(package.status, "unknown") if package else "unknown",
        "reason": (package.reason or None) if package else None,
        "created_at": _created(version),
        **{name: str(facts.get(name, "")) for name in ("method", "task", "base_model")},
        "licence": (manifest.licence or None) if manifest else None,
        "commercial": manifest.commercial if manifest else None,
        "restricted": manifest.restricted if manifest else None,
        "imported": imported,
        "training": None if imported or not version.execution else version.execution,
        "size": sum(entry.size for entry in version.objects) if manifest else None,
        "metrics": dict(manifest.metrics) if manifest else _measured(version, dependencies.data),
    }


def in_parallel(look: Callable[[OneT], OtherT], items: Sequence[OneT]) -> list[OtherT]:
    """What ``look`` gives for each, in their order."""
    with ThreadPoolExecutor(READERS) as pool:
        return list(pool.map(look, items))


def _look_at(style: KnownStyle, number: int, dependencies: VersionSources) -> KnownVersion | None:
    objects, manifest = style.published.get(number, ()), None
    if objects:
        try:
            key = _manifest_key(style.name, number)
            manifest = StyleManifest.from_json(read_json(dependencies.models, key))
        except MissingObjectError:  # deleted this moment
            return None
    arn = style.packages.get(number) or (manifest.model_package if manifest else "")
    package = dependencies.packages.find(arn) if arn else None
    if manifest is None and (package is None or package.reason.startswith(DELETED)):
        return None
    return KnownVersion(style=style.name, number=number, manifest=manifest, package=package, objects=objects)


def _created(version: KnownVersion) -> str | None:
    if version.manifest:
        return rfc3339(seconds(version.manifest.created_at))
    return rfc3339(version.package.created) if version.package and version.package.created else None


def _measured(version: KnownVersion, data: ObjectStore) -> dict[str, float]:
    """What the evaluation of one that is not published wrote; nothing where that has expired."""
    stored = data.read_tagged(f"{version.evaluated}metrics.json") if version.execution else None
    measured = json.loads(stored[0]) if stored else {}
    return {name: float(value) for name, value in measured.items() if isinstance(value, (int, float))}


def _manifest_key(style: str, number: int) -> str:
    return style_prefix(style, number) + MANIFEST


def _keys(objects: Sequence[StoredObject]) -> set[str]:
    return {entry.key for entry in objects}

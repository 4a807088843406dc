"""Whether SageMaker's next number is free: it counts the model packages that are there, and published versions outlive them.

A run finds out before anything is paid that its result would be numbered as a version that is published already.
"""

from contextlib import suppress
from typing import Any

from atelier_ops.errors import MissingObjectError
from atelier_ops.gateways.registry import Packages
from atelier_ops.gateways.storage import ObjectStore, read_json
from atelier_ops.logic.versions import published_numbers
from contracts.artifact import BaseManifest, StyleManifest
from contracts.errors import InvalidInputError
from contracts.layout import MANIFEST, base_prefix, style_prefix


def check_style(style: str, models: ObjectStore, packages: Packages, *, where: str = "input.style") -> None:
    """Raise InvalidInputError, calling the style ``where``, if the model package of its newest published version is gone."""
    prefix = style_prefix(style)
    newest, document = _newest(prefix, models)
    if document:
        manifest = StyleManifest.from_json(document)
        _require(where, style, newest, manifest.model_package, prefix, models, packages)


def check_base(name: str, models: ObjectStore, packages: Packages) -> None:
    """Raise InvalidInputError where the model package of the base model's newest published version is gone."""
    prefix = base_prefix(name, "").removesuffix("/")
    newest, document = _newest(prefix, models)
    if document:
        manifest = BaseManifest.from_json(document)
        package = manifest.origin.model_package if manifest.origin else ""
        _require("input.name", name, newest, package, f"{prefix}*", models, packages)


def _newest(prefix: str, models: ObjectStore) -> tuple[int, Any]:
    """The number and the manifest of the newest version that is there; 0 and None where there is none."""
    for number in sorted(published_numbers(prefix, models), reverse=True):
        with suppress(MissingObjectError):  # deleted this moment
            return number, read_json(models, f"{prefix}{number}/{MANIFEST}")
    return 0, None


def _require(
    where: str, name: str, newest: int, package: str, versions: str, models: ObjectStore, packages: Packages
) -> None:
    if package and not packages.exists(package):
        raise InvalidInputError(
            where,
            got=f"{name}, whose version {newest} is published but has lost its model package",
            allowed=f"another name, or this one once s3://{models.bucket}/{versions} is removed: without {package} "
            "SageMaker would give the result the number of a version that is published",
        )

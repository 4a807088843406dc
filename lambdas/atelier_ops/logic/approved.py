"""Where a person approves every result, a style's bare name means nothing that nobody approved, an imported adapter included."""

import re

from aws_lambda_powertools.event_handler import Response

from atelier_ops.errors import MissingObjectError
from atelier_ops.gateways.storage import ObjectStore, read_json
from atelier_ops.logic import styles
from atelier_ops.logic.http import Dependencies, ProblemError, Request
from contracts.artifact import StyleManifest
from contracts.layout import MANIFEST, STYLE_PATTERN, style_prefix

APPROVED = "Approved"


def promote_version(request: Request, dependencies: Dependencies, style: str, version: str) -> Response[str]:
    """As ``styles.promote_version``. Raises ProblemError 409 too, where the stage wants approval and the model package has none."""
    if dependencies.rules.approval == "manual":
        _require_approval(style, version, dependencies)
    return styles.promote_version(request, dependencies, style, version)


def _require_approval(style: str, version: str, dependencies: Dependencies) -> None:
    package = _package(style, version, dependencies.models)
    if package is None:  # styles.promote_version says what there is
        return
    status, _ = dependencies.packages.approval(package)
    if status != APPROVED:
        allowed = f"one whose model package is Approved, and {package} is {status}"
        raise ProblemError(409, f"version: got {version}; allowed: {allowed}")


def _package(style: str, version: str, models: ObjectStore) -> str | None:
    """The model package of a published version; None where there is no such version."""
    if not re.fullmatch(STYLE_PATTERN, style) or not version.isdecimal():
        return None
    try:
        return StyleManifest.from_json(read_json(models, style_prefix(style, int(version)) + MANIFEST)).model_package
    except MissingObjectError:
        return None

"""/v1/styles: which version a style's bare name means is decided here by name, forward or back."""

import re

from aws_lambda_powertools.event_handler import Response

from atelier_ops.errors import MissingObjectError, PromotionRaceError
from atelier_ops.gateways.storage import ObjectStore, read_json
from atelier_ops.logic.http import Dependencies, ProblemError, Request, respond
from atelier_ops.logic.promotion import promote
from atelier_ops.logic.versions import published_styles, published_versions
from contracts.artifact import StyleManifest
from contracts.layout import MANIFEST, STYLE_PATTERN, style_prefix


def promote_version(_: Request, dependencies: Dependencies, style: str, version: str) -> Response[str]:
    """200 with what the bare name means now and meant before. Repeating it changes nothing.

    Raises ProblemError 404 and 409.
    """
    models = dependencies.models
    number, newest = _published(style, version, models)
    if number != newest:
        _require_served(style, number, newest, models)
    try:
        promotion = promote(style, number, models, backwards=True)
    except PromotionRaceError as error:
        raise ProblemError(409, f"{error}; look which version is wanted, and try again") from error
    previous = None if promotion.previous is None else f"{style}@{promotion.previous}"
    return respond(200, {"style": style, "version": f"{style}@{promotion.version}", "previous": previous})


def _published(style: str, version: str, models: ObjectStore) -> tuple[int, int]:
    """The version's number, and that of the newest. Raises ProblemError 404 that lists what there is."""
    if not re.fullmatch(STYLE_PATTERN, style) or not (numbers := published_versions(style, models)):
        raise ProblemError(404, f"style: got {style}; allowed: {published_styles(models)}")
    if not version.isdecimal() or int(version) not in numbers:
        raise ProblemError(404, f"version: got {version}; allowed: {', '.join(map(str, numbers))}")
    return int(version), numbers[-1]


def _require_served(style: str, number: int, newest: int, models: ObjectStore) -> None:
    """An endpoint of a style's own serves what was deployed last, so an older full fine-tune cannot be meant again by name alone.

    Raises ProblemError 409.
    """
    try:
        manifest = StyleManifest.from_json(read_json(models, style_prefix(style, number) + MANIFEST))
    except MissingObjectError as error:  # removed this moment
        raise ProblemError(404, f"version: got {number}; allowed: one that is published") from error
    if manifest.method == "full":
        allowed = f"{newest}, or a version of method lora: a full fine-tune's endpoint serves what was deployed last"
        raise ProblemError(409, f"version: got {number}; allowed: {allowed}")

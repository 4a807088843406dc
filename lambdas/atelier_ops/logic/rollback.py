"""POST /v1/styles/{style}/rollback: the bare name means again what it meant before."""

from dataclasses import replace

from aws_lambda_powertools.event_handler import Response

from atelier_ops.errors import PromotionRaceError, VersionGoneError
from atelier_ops.gateways.records import Record
from atelier_ops.logic.http import Dependencies, ProblemError, Request
from atelier_ops.logic.ownership import require_changeable, require_readable, unknown_style
from atelier_ops.logic.promotion import Promotion, promotion_of, roll_back
from atelier_ops.logic.repeats import note, other_body
from atelier_ops.logic.styles import promotable, told
from atelier_ops.logic.versions import is_style, published_versions
from contracts.style_requests import RollbackRequest


def create(request: Request, dependencies: Dependencies, style: str) -> Response[str]:
    """200 with what the bare name means now and meant before.

    The same Idempotency-Key and body roll back once: a second rollback would undo the first. Raises ProblemError 403, 404, 409 and 422.
    """
    body = RollbackRequest.from_json(request.read_optional_json())
    if not is_style(style) or not published_versions(style, dependencies.models):
        raise unknown_style(style, request, dependencies)
    require_readable(style, request, dependencies)
    require_changeable(style, request, dependencies)
    meant = _remembered(style, body, request, dependencies)
    target, left = meant.previous, meant.version
    assert target is not None  # nothing else is remembered
    promotable(style, str(target), request, dependencies)
    try:
        return told(style, roll_back(style, left, target, dependencies.models))
    except PromotionRaceError as error:
        raise ProblemError(409, f"{error}; look which version is wanted, and promote that one") from error
    except VersionGoneError as error:
        raise ProblemError(409, f"{error}; promote another") from error


def _remembered(style: str, body: RollbackRequest, request: Request, dependencies: Dependencies) -> Promotion:
    """What the bare name means, as the first request with this Idempotency-Key found it. Raises ProblemError 409 and 422."""
    noted = note("rollback", request.new_id("rollback"), [style, body.to_json()], dependencies.now)
    earlier = dependencies.records.get(noted.key) if request.idempotency_key() else None
    if earlier is None:
        meant = _meant(style, body, dependencies)
        noted = replace(noted, data={**noted.data, "left": meant.version, "target": meant.previous})
        if not request.idempotency_key() or dependencies.records.add(noted):
            return meant
        earlier = dependencies.records.get(noted.key)
    return _same(earlier, noted)


def _same(earlier: Record | None, noted: Record) -> Promotion:
    if earlier is None or earlier.data["digest"] != noted.data["digest"]:
        raise other_body()
    return Promotion(version=earlier.data["left"], previous=earlier.data["target"])


def _meant(style: str, body: RollbackRequest, dependencies: Dependencies) -> Promotion:
    """What the bare name means now, and meant before. Raises ProblemError 409."""
    meant = promotion_of(style, dependencies.models)
    if meant is None or meant.previous is None:
        got = "means nothing" if meant is None else f"means version {meant.version}, and meant none before"
        raise ProblemError(409, f"style: got {style}, which {got}; allowed: one that meant another version before")
    if body.leave not in ("", f"{style}@{meant.version}"):
        raise ProblemError(409, f"leave: got {body.leave}; allowed: {style}@{meant.version}, which {style} means now")
    return meant

"""POST …/approve and …/reject: the approval status of a version's model package, which the run that waits for it hears."""

from aws_lambda_powertools.event_handler import Response

from atelier_ops.logic.discretion import discreet
from atelier_ops.logic.http import Dependencies, ProblemError, Request, respond
from atelier_ops.logic.ownership import require_approver
from atelier_ops.logic.repeats import note, remember
from atelier_ops.logic.style_pages import readable_style
from atelier_ops.logic.style_versions import require_version, show
from contracts.style_requests import DecisionRequest

APPROVED, REJECTED = "Approved", "Rejected"


def approve(request: Request, dependencies: Dependencies, style: str, version: str) -> Response[str]:
    """200 with the version, approved: its run goes on. Repeating it changes nothing. Raises ProblemError 403, 404, 409, 422."""
    return _decide(APPROVED, request, dependencies, style, version)


def reject(request: Request, dependencies: Dependencies, style: str, version: str) -> Response[str]:
    """200 with the version, rejected: its run fails, for the reason given. Repeating it changes nothing.

    Raises ProblemError 403, 404, 422, and 409 where the style's bare name means the version.
    """
    return _decide(REJECTED, request, dependencies, style, version)


def _decide(status: str, request: Request, dependencies: Dependencies, style: str, version: str) -> Response[str]:
    body = DecisionRequest.from_json(request.read_optional_json())
    known = readable_style(style, request, dependencies)
    require_approver(style, request, dependencies)
    found = require_version(known, version, dependencies)
    if found.package is None:
        allowed = "one whose model package is there; this one's was deleted, and nothing can be decided about it"
        raise ProblemError(409, f"version: got {found.number}; allowed: {allowed}")
    if status == REJECTED and known.promotion and known.promotion.version == found.number:
        allowed = f"one that {style} does not mean: promote another, or roll back"
        raise ProblemError(409, f"version: got {found.number}; allowed: {allowed}")
    if request.idempotency_key():
        asked = [status, style, found.number, body.to_json()]
        remember(note("decision", request.new_id("decision"), asked, dependencies.now), dependencies.records)
    if found.package.status != status:
        said = f"{request.client}: {body.reason}" if body.reason else f"by {request.client}"
        dependencies.packages.decide(found.package.arn, status, said)
    decided = require_version(known, version, dependencies)
    return respond(200, discreet(show(decided, known, dependencies), style))

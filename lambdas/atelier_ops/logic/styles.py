"""/v1/styles: which version a style's bare name means is decided here by name, forward or back."""

import re

from aws_lambda_powertools.event_handler import Response

from atelier_ops.errors import MissingObjectError, PromotionRaceError, VersionGoneError
from atelier_ops.gateways.endpoints import Endpoints
from atelier_ops.gateways.registry import Packages
from atelier_ops.logic.endpoint import IN_SERVICE
from atelier_ops.logic.http import Dependencies, ProblemError, Request, respond
from atelier_ops.logic.names import style_endpoint
from atelier_ops.logic.ownership import require_changeable, require_readable, unknown_style
from atelier_ops.logic.promotion import Promotion, promote
from atelier_ops.logic.versions import PublishedVersion, published_versions, read_version
from contracts.layout import STYLE_PATTERN

APPROVED = "Approved"


def promote_version(request: Request, dependencies: Dependencies, style: str, version: str) -> Response[str]:
    """200 with what the bare name means now and meant before. Repeating it changes nothing.

    Raises ProblemError 403, 404 and 409.
    """
    number = promotable(style, version, request, dependencies)
    try:
        promotion = promote(style, number, dependencies.models, backwards=True)
    except PromotionRaceError as error:
        raise ProblemError(409, f"{error}; look which version is wanted, and try again") from error
    except VersionGoneError as error:
        raise ProblemError(404, f"version: got {version}; allowed: one that is published") from error
    return told(style, promotion)


def promotable(style: str, version: str, request: Request, dependencies: Dependencies) -> int:
    """The number of a version that the client may let its style's bare name mean. Raises ProblemError 403, 404 and 409."""
    found = _published(style, version, request, dependencies)
    require_changeable(style, request, dependencies)
    if dependencies.rules.approval == "manual":
        _require_approval(found, dependencies.packages)
    _require_served(found, dependencies)
    return found.number


def told(style: str, promotion: Promotion) -> Response[str]:
    """200 with what the bare name means now and meant before."""
    previous = None if promotion.previous is None else f"{style}@{promotion.previous}"
    return respond(200, {"style": style, "version": f"{style}@{promotion.version}", "previous": previous})


def _published(style: str, version: str, request: Request, dependencies: Dependencies) -> PublishedVersion:
    """The version. Raises ProblemError 404 that lists what there is."""
    models = dependencies.models
    if not re.fullmatch(STYLE_PATTERN, style) or not (numbers := published_versions(style, models)):
        raise unknown_style(style, request, dependencies)
    require_readable(style, request, dependencies)
    if not version.isdecimal() or int(version) not in numbers:
        raise ProblemError(404, f"version: got {version}; allowed: {', '.join(map(str, numbers))}")
    try:
        return read_version(style, int(version), models)
    except MissingObjectError as error:  # removed this moment
        raise ProblemError(404, f"version: got {version}; allowed: one that is published") from error


def _require_approval(version: PublishedVersion, packages: Packages) -> None:
    """Where a person approves every result, a bare name means nothing that nobody approved, an import included.

    Raises ProblemError 409.
    """
    package = version.model_package
    status = packages.approval(package)[0] if packages.exists(package) else "deleted"
    if status != APPROVED:
        allowed = f"one whose model package is {APPROVED}, and {package} is {status}"
        raise ProblemError(409, f"version: got {version.number}; allowed: {allowed}")


def _require_served(version: PublishedVersion, dependencies: Dependencies) -> None:
    """A full fine-tune needs its own endpoint: a run removes those of versions that its style has left behind.

    Raises ProblemError 409.
    """
    number = version.number
    endpoint = style_endpoint(dependencies.name_prefix, version.style, number)
    if version.method == "full" and (trouble := _trouble(endpoint, dependencies.endpoints)):
        allowed = (
            "one whose endpoint is in service, or of method lora; a training makes a new version with its endpoint"
        )
        raise ProblemError(409, f"version: got {number}, {trouble}; allowed: {allowed}")


def _trouble(endpoint: str, endpoints: Endpoints) -> str:
    """Why the endpoint serves nothing, in words; empty where it serves."""
    state = endpoints.state(endpoint)
    if state is None:
        return f"whose endpoint {endpoint} is not there any more"
    return "" if state.status == IN_SERVICE else f"whose endpoint {endpoint} is {state.status}"

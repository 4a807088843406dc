"""DELETE of a style or of one of its versions: it cannot be named from then on, and the next sweep removes what is left of it."""

from aws_lambda_powertools.event_handler import Response

from atelier_ops.errors import PromotedError
from atelier_ops.logic.deleted_styles import VersionPlaces, begin, doomed_of, kept_name, write_down
from atelier_ops.logic.http import Dependencies, ProblemError, Request, nothing
from atelier_ops.logic.ownership import (
    deletion_key,
    is_claimed,
    require_changeable,
    require_readable,
    unknown_style,
)
from atelier_ops.logic.style_pages import readable_style
from atelier_ops.logic.style_versions import KnownVersion, known_style, look_at, require_version
from atelier_ops.logic.taking_up import taken_up_by
from atelier_ops.logic.trainings import origin_of
from atelier_ops.logic.versions import is_style


def delete_version(request: Request, dependencies: Dependencies, style: str, version: str) -> Response[str]:
    """204 once nothing can name the version. Raises ProblemError 403, 404, and 409 where it is in use."""
    known = readable_style(style, request, dependencies)
    require_changeable(style, request, dependencies)
    found = require_version(known, version, dependencies)
    _require_ended(found, dependencies)
    if known.promotion and known.promotion.version == found.number:
        raise _is_meant(found)
    doomed = doomed_of(known, [found], request.client, whole=False)
    record = write_down(doomed, deletion_key(found.name), dependencies.records)
    try:
        begin(doomed, VersionPlaces(models=dependencies.models, packages=dependencies.packages))
    except PromotedError as error:
        dependencies.records.remove(record)
        raise _is_meant(found) from error
    return nothing()


def delete_style(request: Request, dependencies: Dependencies, style: str) -> Response[str]:
    """204 once nothing can name the style. Raises ProblemError 403, 404, and 409 while a training of it runs."""
    if not is_style(style):
        raise unknown_style(style, request, dependencies)
    require_readable(style, request, dependencies)
    known = known_style(style, dependencies)
    versions = look_at(known, known.numbers, dependencies)
    if not versions and not is_claimed(style, dependencies):
        raise unknown_style(style, request, dependencies)
    require_changeable(style, request, dependencies)
    _require_quiet(style, dependencies)
    doomed = doomed_of(known, versions, request.client, whole=True)
    write_down(doomed, deletion_key(style), dependencies.records)
    dependencies.records.add(kept_name(doomed))
    begin(doomed, VersionPlaces(models=dependencies.models, packages=dependencies.packages))
    return nothing()


def _is_meant(version: KnownVersion) -> ProblemError:
    allowed = f"one that {version.style} does not mean: promote another, or delete the style"
    return ProblemError(409, f"version: got {version.number}; allowed: {allowed}")


def _require_ended(version: KnownVersion, dependencies: Dependencies) -> None:
    """Raise ProblemError 409 while the run that makes the version, or does the rest of what made it, goes on."""
    execution = version.execution
    runs = [execution, taken_up_by(execution, dependencies.data, dependencies.executions)] if execution else []
    for run in filter(None, runs):
        found = dependencies.executions.describe(run)
        if found is not None and found.status == "RUNNING":
            allowed = f"one whose training has ended: cancel {run}, or reject the version if it waits for approval"
            raise ProblemError(409, f"version: got {version.number}; allowed: {allowed}")


def _require_quiet(style: str, dependencies: Dependencies) -> None:
    """Raise ProblemError 409 while a training of the style runs."""
    for each in dependencies.executions.listing(statusFilter="RUNNING"):
        found = dependencies.executions.describe(each.name)
        if found is not None and origin_of(found, dependencies).input.get("style") == style:
            allowed = (
                f"one of which no training runs: cancel {each.name}, or reject its version if it waits for approval"
            )
            raise ProblemError(409, f"style: got {style}; allowed: {allowed}")

"""What a style's bare name means: its promoted version, which ``styles/{style}/latest.json`` holds. By itself it only goes forward."""

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass

from atelier_ops.errors import PromotedError, PromotionRaceError, VersionGoneError
from atelier_ops.gateways.storage import ObjectStore
from atelier_ops.observability import logger
from contracts.artifact import Latest
from contracts.layout import LATEST, MANIFEST, style_prefix
from contracts.plan import FineTuningPlan

_REJECTED = "Rejected"
ATTEMPTS = 5
"""How often a write is tried that another promotion of the same style overtakes."""


@dataclass(frozen=True, kw_only=True)
class Promotion:
    """What the bare name means now, and what it meant before (None: nothing)."""

    version: int
    previous: int | None


def promoted_version(style: str, models: ObjectStore) -> int | None:
    """What the style's bare name means; None where nothing was promoted yet."""
    promotion = promotion_of(style, models)
    return promotion.version if promotion else None


def promotion_of(style: str, models: ObjectStore) -> Promotion | None:
    """What the style's bare name means, and meant before; None where nothing was promoted yet."""
    return _promotion(_read(style, models)[0])


def promote(style: str, version: int, models: ObjectStore, *, backwards: bool = False) -> Promotion:
    """Let the bare name mean ``version``, unless it means a newer one and ``backwards`` does not ask for the older.

    Repeating it gives the same answer. The write is conditional on what was read, so that of two promotions at once neither is lost.
    Raises PromotionRaceError, and VersionGoneError for a version that is deleted.
    """

    def make(latest: Latest) -> Latest | None:
        current = latest.version or 0
        if current == version or (current > version and not backwards):
            return None
        _require_there(style, version, latest, models)
        return latest.model_copy(update={"version": version, "previous": latest.version})

    return _meaning(_change(style, models, make))


def roll_back(style: str, left: int, target: int, models: ObjectStore) -> Promotion:
    """Let the bare name mean ``target`` again instead of ``left``. Repeating it gives the same answer.

    Raises PromotionRaceError where it means a third version by now, and VersionGoneError where ``target`` is deleted.
    """

    def make(latest: Latest) -> Latest | None:
        if latest.version == target:
            return None
        if latest.version != left:
            raise PromotionRaceError(f"{_key(style)}: means neither version {left} nor {target} by now")
        _require_there(style, target, latest, models)
        return latest.model_copy(update={"version": target, "previous": left})

    return _meaning(_change(style, models, make))


def let_go(style: str, version: int, models: ObjectStore) -> None:
    """Let the bare name never mean ``version`` again, nor be rolled back to it, so that it can be deleted. Repeating it changes nothing.

    Raises PromotedError where the bare name means it, PromotionRaceError.
    """

    def make(latest: Latest) -> Latest | None:
        if latest.version == version:
            raise PromotedError(f"{style} means version {version}")
        if version in latest.gone:
            return None
        previous = None if latest.previous == version else latest.previous
        changes = {"gone": (*latest.gone, version), "previous": previous, "deletions": latest.deletions + 1}
        return latest.model_copy(update=changes)

    _change(style, models, make)


def let_all_go(style: str, versions: Collection[int], models: ObjectStore) -> None:
    """Let the bare name mean nothing, and none of ``versions`` again. Repeating it changes nothing. Raises PromotionRaceError."""

    def make(latest: Latest) -> Latest | None:
        gone = tuple(sorted({*latest.gone, *versions}))
        if latest.version not in (None, *versions) or (latest.version is None and gone == latest.gone):
            return None
        return Latest(gone=gone, deletions=latest.deletions + 1)

    _change(style, models, make)


def forget(style: str, versions: Collection[int], models: ObjectStore) -> None:
    """Versions that are deleted need no note any more: nothing is there to mean. Raises PromotionRaceError."""

    def make(latest: Latest) -> Latest | None:
        left = tuple(each for each in latest.gone if each not in versions)
        changes = {"gone": left, "deletions": latest.deletions + 1}
        return None if left == latest.gone else latest.model_copy(update=changes)

    _change(style, models, make)


def promote_run(
    plan: FineTuningPlan, version: int, models: ObjectStore, approval: str = ""
) -> tuple[str, Promotion | None]:
    """Promote a run's version; says in words what was done, or why not and how it can be. None where nothing was promoted.

    ``approval`` is what the registry says of it now: somebody may have rejected it after the run went on.
    """
    act = f"POST /v1/styles/{plan.style}/versions/{version}/promote"
    if approval == _REJECTED:
        return "published, not promoted: it was rejected after its approval", None
    if plan.promote == "manual":
        return f"approved, not promoted: promote is manual; {act} does it", None
    try:
        promotion = promote(plan.style, version, models)
    except VersionGoneError as error:
        return f"approved, not promoted: {error}", None
    if promotion.version != version:
        return f"approved, not promoted: {promotion.version} is newer; {act} promotes it all the same", None
    return f"promoted: {plan.style} means version {version}", promotion


def _change(style: str, models: ObjectStore, make: Callable[[Latest], Latest | None]) -> Latest:
    """Store what ``make`` makes of what is stored, unless it makes None; what is stored then. Raises PromotionRaceError."""
    for _ in range(ATTEMPTS):
        latest, etag = _read(style, models)
        changed = make(latest)
        if changed is None:
            return latest
        body = json.dumps(changed.to_json()).encode()
        if models.write_if(_key(style), body, "application/json", etag=etag):
            return changed
    raise PromotionRaceError(f"{_key(style)}: changed {ATTEMPTS} times by others meanwhile")


def _require_there(style: str, version: int, latest: Latest, models: ObjectStore) -> None:
    """A deletion first writes down that it deletes: who reads that it does not, and then finds the manifest, may promote what he read."""
    if version in latest.gone or models.uploaded(style_prefix(style, version) + MANIFEST) is None:
        raise VersionGoneError(f"version {version} of {style} is deleted, or was never published")


def _promotion(latest: Latest) -> Promotion | None:
    return Promotion(version=latest.version, previous=latest.previous) if latest.version else None


def _meaning(latest: Latest) -> Promotion:
    return Promotion(version=latest.version or 0, previous=latest.previous)


def _read(style: str, models: ObjectStore) -> tuple[Latest, str | None]:
    """What is stored, and its ETag. What is not there, or cannot be read, means nothing; the next promotion replaces it."""
    stored = models.read_tagged(_key(style))
    if stored is None:
        return Latest(), None
    body, etag = stored
    try:
        return Latest.from_text(body.decode()), etag
    except ValueError:
        logger.warning("cannot be read", key=_key(style))
        return Latest(), etag


def _key(style: str) -> str:
    return style_prefix(style) + LATEST

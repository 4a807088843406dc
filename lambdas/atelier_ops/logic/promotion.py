"""What a style's bare name means: its promoted version, which ``styles/{style}/latest.json`` holds. By itself it only goes forward."""

import json
from dataclasses import asdict, dataclass

from atelier_ops.errors import PromotionRaceError
from atelier_ops.gateways.storage import ObjectStore
from atelier_ops.observability import logger
from contracts.artifact import Latest
from contracts.layout import LATEST, style_prefix
from contracts.plan import FineTuningPlan

ATTEMPTS = 5
"""How often a write is tried that another promotion of the same style overtakes."""


@dataclass(frozen=True, kw_only=True)
class Promotion:
    """What the bare name means now, and what it meant before (None: nothing)."""

    version: int
    previous: int | None


def promoted_version(style: str, models: ObjectStore) -> int | None:
    """What the style's bare name means; None where nothing was promoted yet."""
    promotion, _ = _read(style, models)
    return promotion.version if promotion else None


def promote(style: str, version: int, models: ObjectStore, *, backwards: bool = False) -> Promotion:
    """Let the bare name mean ``version``, unless it means a newer one and ``backwards`` does not ask for the older.

    Repeating it gives the same answer. The write is conditional on what was read, so that of two promotions at once neither is lost.
    Raises PromotionRaceError.
    """
    for _ in range(ATTEMPTS):
        current, etag = _read(style, models)
        if current and (current.version == version or (current.version > version and not backwards)):
            return current
        promotion = Promotion(version=version, previous=current.version if current else None)
        if models.write_if(_key(style), json.dumps(asdict(promotion)).encode(), "application/json", etag=etag):
            return promotion
    raise PromotionRaceError(f"{_key(style)}: changed {ATTEMPTS} times by other promotions while version {version} was")


def promote_run(plan: FineTuningPlan, version: int, models: ObjectStore) -> tuple[str, Promotion | None]:
    """Promote a run's version; says in words what was done, or why not and how it can be. None where nothing was promoted."""
    act = f"POST /v1/styles/{plan.style}/versions/{version}/promote"
    if plan.promote == "manual":
        return f"approved, not promoted: promote is manual; {act} does it", None
    promotion = promote(plan.style, version, models)
    if promotion.version != version:
        return f"approved, not promoted: {promotion.version} is newer; {act} promotes it all the same", None
    return f"promoted: {plan.style} means version {version}", promotion


def _read(style: str, models: ObjectStore) -> tuple[Promotion | None, str | None]:
    """The last promotion, and the ETag of the object that says so. What cannot be read means nothing; the next promotion replaces it."""
    stored = models.read_tagged(_key(style))
    if stored is None:
        return None, None
    body, etag = stored
    try:
        known = Latest.from_text(body.decode())
    except ValueError:
        logger.warning("cannot be read", key=_key(style))
        return None, etag
    return Promotion(version=known.version, previous=known.previous), etag


def _key(style: str) -> str:
    return style_prefix(style) + LATEST

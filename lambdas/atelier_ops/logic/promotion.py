"""What a style's bare name means: its promoted version, which ``styles/{style}/latest.json`` holds. By itself it only goes forward."""

import json
from dataclasses import dataclass

from atelier_ops.errors import PromotionRaceError
from atelier_ops.gateways.storage import ObjectStore, parse_json
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
    return _read(style, models)[0]


def promote(style: str, version: int, models: ObjectStore, *, backwards: bool = False) -> Promotion:
    """Let the bare name mean ``version``, unless it means a newer one and ``backwards`` does not ask for the older.

    The write is conditional on what was read, so that of two promotions at once neither is lost. Raises PromotionRaceError.
    """
    body = json.dumps({"version": version}).encode()
    for _ in range(ATTEMPTS):
        current, etag = _read(style, models)
        if current == version or (current is not None and current > version and not backwards):
            return Promotion(version=current, previous=current)
        if models.write_if(_key(style), body, "application/json", etag=etag):
            return Promotion(version=version, previous=current)
    raise PromotionRaceError(f"{_key(style)}: changed {ATTEMPTS} times by other promotions while version {version} was")


def promote_run(plan: FineTuningPlan, version: int, models: ObjectStore) -> str:
    """The last act of a run, in words: its version is promoted, or why not and how it can be."""
    act = f"POST /v1/styles/{plan.style}/versions/{version}/promote"
    if plan.promote == "manual":
        return f"approved, not promoted: promote is manual; {act} does it"
    promotion = promote(plan.style, version, models)
    if promotion.version != version:
        return f"approved, not promoted: {promotion.version} is newer; {act} promotes it all the same"
    return f"promoted: {plan.style} means version {version}"


def _read(style: str, models: ObjectStore) -> tuple[int | None, str | None]:
    """The promoted version, and the ETag of the object that says so."""
    stored = models.read_tagged(_key(style))
    if stored is None:
        return None, None
    body, etag = stored
    return int(parse_json(body, f"s3://{models.bucket}/{_key(style)}")["version"]), etag


def _key(style: str) -> str:
    return style_prefix(style) + LATEST

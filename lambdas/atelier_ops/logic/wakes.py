"""How long an endpoint takes to wake from zero instances, learnt from its own wakes: a record of the last ones that were measured."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

from atelier_ops.gateways.records import Record, Records
from atelier_ops.logic.timestamps import rfc3339

MOST_KEPT = 9
"""Measurements of an endpoint: the newest count, because machines and images change. An odd number has a middle."""

SECONDS_KEPT = 180 * 86_400
_STATUS = "kept"


@dataclass(frozen=True, kw_only=True)
class UsualWake:
    """The middle of ``measured`` wakes: seconds from the request that woke the endpoint to the work on it, and seconds of that work."""

    seconds: float
    work: float
    measured: int


def wakes_key(endpoint: str) -> str:
    """Where an endpoint's wakes are kept."""
    return f"wakes#{endpoint}"


def note_wake(prediction: Record, records: Records, *, seconds: float, work: float, now: float) -> None:
    """Keep what the prediction measured, whose request woke its endpoint; once, however often it is noted.

    Where that breaks off, a measurement is lost and nothing else.
    """
    one = {
        "prediction": prediction.data["id"],
        "at": rfc3339(now),
        "seconds": round(seconds, 1),
        "work": round(work, 3),
    }
    new = Record(
        key=wakes_key(prediction.data["endpoint"]),
        status=_STATUS,
        expires_at=int(now) + SECONDS_KEPT,
        data={"measured": [one]},
    )
    if not records.add(new) and (known := records.get(new.key)):
        records.change(known, lambda newest: _with(newest, one, new.expires_at))


def _with(known: Record, one: Mapping[str, Any], expires_at: int) -> Record | None:
    measured = known.data["measured"]
    if any(each["prediction"] == one["prediction"] for each in measured):
        return None
    return replace(known, expires_at=expires_at, data={"measured": [*measured, one][-MOST_KEPT:]})


def usual_wake(endpoint: str, records: Records) -> UsualWake | None:
    """What a wake of the endpoint usually takes; None where none was measured in half a year."""
    record = records.get(wakes_key(endpoint))
    if record is None:
        return None
    measured = record.data["measured"]
    seconds, work = (median(each[name] for each in measured) for name in ("seconds", "work"))
    return UsualWake(seconds=seconds, work=work, measured=len(measured))

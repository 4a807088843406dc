"""What somebody who watches an open prediction is told: what is done with it, how many are before it, and when it may be ready."""

from typing import Any

from atelier_ops.gateways.records import Record
from atelier_ops.logic.http import Dependencies
from atelier_ops.logic.prediction_progress import under_way
from atelier_ops.logic.submission import OPEN
from atelier_ops.logic.wakes import UsualWake, usual_wake

MOST_COUNTED = 500
"""A place in the queue beyond this one is told as this one."""


def position(record: Record, dependencies: Dependencies) -> int:
    """How many open predictions of the stage were asked for before this one, whoever did; those of its own second are not counted."""
    counted = sum(dependencies.records.count(each, record.expires_at, MOST_COUNTED) for each in OPEN)
    return min(counted, MOST_COUNTED)


def wakes_its_endpoint(record: Record, dependencies: Dependencies) -> bool:
    """Whether the endpoint is at zero instances and this, which is not stored yet, is the first request that waits for it."""
    return sleeps(record, dependencies) and position(record, dependencies) == 0


def sleeps(record: Record, dependencies: Dependencies) -> bool:
    """Whether the prediction's endpoint has no instance now, as far as anybody can tell."""
    endpoint, now = record.data["endpoint"], dependencies.clock()
    return dependencies.fleets.instances(endpoint, dependencies.endpoints, now) == 0


def watched(record: Record, dependencies: Dependencies) -> dict[str, Any]:
    """What is to be shown of an open prediction instead of what its record says; of one that has ended, nothing."""
    if record.status not in OPEN:
        return {}
    before = position(record, dependencies)
    if not sleeps(record, dependencies):
        return {"queue_position": before, **under_way(record, dependencies.media, dependencies.clock())}
    usual, waking = usual_wake(record.data["endpoint"], dependencies.records), _waking_for(dependencies)
    return {
        "stage": "waking",
        "queue_position": before,
        "eta_seconds": _left(usual, waking, before),
        "logs": _words(usual, waking, dependencies.startup_seconds),
    }


def _waking_for(dependencies: Dependencies) -> float:
    """Seconds since the oldest open prediction was asked for, whose request wakes what sleeps."""
    first = [dependencies.records.first(status) for status in OPEN]
    asked = [expires - dependencies.keep_seconds for expires in first if expires is not None]
    return max(0.0, dependencies.clock() - min(asked, default=dependencies.clock()))


def _left(usual: UsualWake | None, waking: float, before: int) -> float | None:
    """Seconds until it may be ready; None where nobody knows, and where the wake takes longer than it usually does."""
    if usual is None or waking > usual.seconds:
        return None
    return round(usual.seconds - waking + (before + 1) * usual.work, 1)


def _words(usual: UsualWake | None, waking: float, startup: int) -> str:
    """What is known of the wake, as a line of the prediction's logs."""
    so_far = f"the endpoint wakes from zero instances, for {waking:.0f} s now"
    if usual is None:
        bound = f"once it has a machine, it may take {startup} s to fetch the model and {startup} s to load it"
        return f"{so_far}; no wake was measured here yet: {bound}\n"
    if usual.measured == 1:
        known = f"the one wake that was measured here took {usual.seconds:.0f} s"
    else:
        known = f"usually {usual.seconds:.0f} s, by the last {usual.measured} that were measured here"
    return f"{so_far}; {known}{', so this one is late' if waking > usual.seconds else ''}\n"

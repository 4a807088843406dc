"""What clients want to be told: a record each, from which a message goes out once what it tells of has happened.

The record is written before what it tells of is made, so that no death in between loses it; one that belongs to nothing is removed.
Whoever begins or ends something says besides, through a topic, that a message is due: where that gets lost, a sweep finds it.
"""

import secrets
from collections.abc import Mapping
from typing import Any

from atelier_ops.gateways.records import Record, Records
from atelier_ops.logic.http import Dependencies, Request
from atelier_ops.logic.repeats import other_body
from atelier_ops.webhook_address import target
from contracts.requests import TellingRequest

UNDELIVERED, DELIVERED, GIVEN_UP = "undelivered", "delivered", "given up"
"""Statuses of a record: it may still have something to tell; it has told all; the last message could not be delivered."""

KEEP = 30 * 86_400
"""Seconds from when a record is to be looked at next until it expires: so the index has them in the order in which they are due."""

FIRST_LOOK = 60
"""Seconds after which the sweep looks at a new one."""

PREDICTION, TRAINING, BATCH = "prediction", "training", "batch"


def check_address(asked: TellingRequest, dependencies: Dependencies) -> None:
    """Raises InvalidInputError where the stage does not send to where the client wants to be told."""
    if asked.webhook:
        target(asked.webhook, dependencies.reach)


def of_record(asked: TellingRequest, of: tuple[str, str], request: Request, dependencies: Dependencies) -> str:
    """Keep what to tell of a prediction, or of a batch's round, that is about to be stored, whose record must name what this gives.

    Each has a name of its own: of several requests with one Idempotency-Key, the record of the one that made the thing counts. Empty where
    nothing is to be told.
    """
    if not asked.webhook:
        return ""
    record = _new(f"webhook#{secrets.token_hex(13)}", asked, of, request, dependencies)
    dependencies.records.put(record)
    return record.key


def of_training(asked: TellingRequest, training: str, request: Request, dependencies: Dependencies) -> Record | None:
    """Keep what to tell of a training that is about to be started; the record, where this has made it.

    Raises ProblemError 422 where an earlier request with the same Idempotency-Key wanted another thing to be told.
    """
    if not asked.webhook:
        return None
    record = _new(training_key(training), asked, (TRAINING, training), request, dependencies)
    if dependencies.records.add(record):
        return record
    earlier = dependencies.records.get(record.key)
    if earlier is not None and any(earlier.data[name] != record.data[name] for name in ("url", "events")):
        raise other_body()
    return None


def training_key(training: str) -> str:
    """Where what to tell of a training is kept."""
    return f"webhook#training-{training}"


def shown(key: str, records: Records) -> dict[str, str | None]:
    """What a client sees of its webhook: the address, and where that could not be told, why."""
    record = records.get(key) if key else None
    if record is None:
        return {"webhook": None, "webhook_note": None}
    return {"webhook": record.data["url"], "webhook_note": record.data.get("note")}


def _new(key: str, asked: TellingRequest, of: tuple[str, str], request: Request, dependencies: Dependencies) -> Record:
    data: Mapping[str, Any] = {
        "of": list(of),
        "client": request.client,
        "url": asked.webhook,
        "events": list(asked.webhook_events_filter),
        "origin": request.urls("")["get"],
        "made_at": dependencies.now,
        "told": [],
    }
    due = int(dependencies.now) + FIRST_LOOK
    return Record(key=key, status=UNDELIVERED, expires_at=due + KEEP, data=dict(data))

"""A batch's record: whose it is, what was asked for, how far it is.

``state`` is what clients are told, in a prediction's words; ``round`` counts executions. ``plan`` says what this round paints, ``total``
how many rows there are, ``before`` how many had succeeded when it began. ``counts``, ``seconds``, ``dollars`` and ``error`` are of the end.
``wish`` is what the client wants to be told of, ``webhook`` the record of that for this round. ``resumed`` are the requests that began
rounds, as far as they may be repeated, each with its body's digest.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from atelier_ops.gateways.records import Record
from atelier_ops.logic.timestamps import rfc3339

UNDER_WAY, ENDED = "batch under way", "batch ended"
"""Statuses of a record."""


def batch_record_key(batch: str) -> str:
    """Where a batch's record lies."""
    return f"batch#{batch}"


def list_of(client: str) -> str:
    """What the index of what a client made calls its batches, which are no predictions."""
    return f"batches of {client}"


def new_record(
    batch: str, client: str, asked: Mapping[str, Any], digest: str, *, now: float, keep_seconds: int, **more: Any
) -> Record:
    """The record of a batch that is about to begin. ``asked`` has no rows: they may be more than a record holds. ``more`` is kept too."""
    data = {
        "id": batch,
        "client": client,
        "asked": dict(asked),
        "body_sha256": digest,
        "state": "starting",
        "round": 1,
        "created_at": rfc3339(now),
        **more,
    }
    return Record(
        key=batch_record_key(batch),
        status=UNDER_WAY,
        expires_at=int(now) + keep_seconds,
        data=data,
        client=list_of(client),
        created=rfc3339(now),
    )


def execution_name(record: Record) -> str:
    """The execution of this round. The first of a batch that somebody started by hand has the batch's own name."""
    data = record.data
    return str(data["id"]) if data["round"] == 1 and data.get("by_hand") else f"{data['id']}-{data['round']}"


def changed(record: Record, **changes: Any) -> Record:
    """The record with other data."""
    return replace(record, data={**record.data, **changes})


def ended(record: Record, state: str, now: float, **changes: Any) -> Record:
    """The record of a batch that has ended like that."""
    return replace(changed(record, state=state, completed_at=rfc3339(now), **changes), status=ENDED)


def again(record: Record, asked: Mapping[str, Any], **more: Any) -> Record:
    """The record of the next round; ``asked`` is what is asked for otherwise than before, ``more`` what is of this round."""
    kept = ("id", "client", "body_sha256", "created_at", "by_hand", "total")
    data = {name: record.data[name] for name in kept if name in record.data}
    next_round = {"asked": {**record.data["asked"], **asked}, "state": "starting", "round": record.data["round"] + 1}
    return replace(record, status=UNDER_WAY, data={**data, **next_round, **more})

"""Prepare of a batch: every row is read and checked, and what this round paints is written where the state machine maps it.

What it does again, as a state that is retried may, has the same result: a round is written from what had ended before any of it began.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from atelier_ops.gateways.records import Record, Records
from atelier_ops.gateways.storage import ObjectStore
from atelier_ops.gateways.topic import Topic
from atelier_ops.logic.batches.checking import RowPainting, check_all, fill_rows
from atelier_ops.logic.batches.items import prediction_of
from atelier_ops.logic.batches.records import ENDED, batch_record_key, changed, ended, new_record
from atelier_ops.logic.batches.rows import read_rows
from atelier_ops.logic.http import of_client
from atelier_ops.logic.people.batch_people import note_batch, unnamed
from atelier_ops.logic.repeats import digest_of
from atelier_ops.logic.results import prediction_key
from atelier_ops.logic.submission import OPEN
from atelier_ops.logic.timestamps import rfc3339
from atelier_ops.logic.webhook_news import announce
from contracts.batches import BatchInput, BatchItem, BatchPlan, BatchRound, BatchWish
from contracts.clients import Clients
from contracts.errors import InvalidInputError
from contracts.json_text import load
from contracts.layout import batch_key, round_key
from contracts.people import ConsentRule
from contracts.prices import estimate
from contracts.safety.rules import CLOSED, SafetyRules
from contracts.work import Pace

ITEMS, ROWS = "items.jsonl", "rows.json"
"""Every item of a batch, each with the attempt that counts; and the rows that its request held itself."""

_LINES = "application/jsonl"
_AT_ONCE = 100
"""Records that are read in one call."""


@dataclass(frozen=True, kw_only=True)
class BatchPreparation:
    """What preparing needs. ``instance`` is the type of the machines that paint; ``due`` is told that a webhook has something to say."""

    records: Records
    media: ObjectStore
    models: ObjectStore
    shared_endpoint: str
    name_prefix: str
    pace: Pace
    consent: ConsentRule
    commercial: bool
    clients: Clients
    instance: str
    keep_seconds: int
    due: Topic
    now: float
    safety: SafetyRules = CLOSED


def prepare_batch(given: Mapping[str, Any], execution: str, dependencies: BatchPreparation) -> BatchPlan:
    """The plan of this round. Raises InvalidInputError with everything that is wrong, which the batch's record says too."""
    record = _record(given, execution, dependencies)
    try:
        items = _items(record, dependencies)
    except InvalidInputError as error:
        wrong = {"error": str(error)[:2_000], "errors": error.to_json()}
        stored = dependencies.records.change(
            record,
            lambda newest: None if newest.status == ENDED else ended(newest, "failed", dependencies.now, **wrong),
        )
        if stored is not None:
            announce(stored.data.get("webhook", ""), dependencies.due)
        raise
    return _planned(record, items, dependencies)


def _record(given: Mapping[str, Any], execution: str, dependencies: BatchPreparation) -> Record:
    """The batch's record: the API has made it, or it is made of what somebody wrote who started the execution by hand."""
    if "batch" in given:
        one = BatchRound.from_json(given)
        record = dependencies.records.get(batch_record_key(one.batch))
        if record is None or record.data["round"] != one.round or record.status == ENDED:
            allowed = "a batch that is under way, and its newest round: resume it with POST /v1/batches/{id}/resume"
            raise InvalidInputError("batch", got=f"{one.batch}, round {one.round}", allowed=allowed)
        return record
    wanted = BatchInput.from_json(given)
    names = [each.name for each in dependencies.clients.values()]
    if wanted.client not in names:
        raise InvalidInputError("client", got=wanted.client, allowed=" | ".join(names))
    body = wanted.to_json()
    write_rows(execution, wanted, dependencies.media)
    asked = {name: value for name, value in body.items() if name not in ("items", "client")}
    new = new_record(
        execution,
        wanted.client,
        asked,
        digest_of(body),
        now=dependencies.now,
        keep_seconds=dependencies.keep_seconds,
    )
    new = changed(new, by_hand=True)
    if dependencies.records.add(new):
        return new
    earlier = dependencies.records.get(new.key)
    if earlier is None or earlier.data["body_sha256"] != new.data["body_sha256"] or earlier.status == ENDED:
        raise InvalidInputError("execution", got=execution, allowed="a name that no batch has")
    return earlier


def write_rows(batch: str, asked: BatchWish, media: ObjectStore) -> None:
    """Keep the rows that a request holds itself, which may be more than a record takes."""
    if asked.items:
        media.write(batch_key(batch, ROWS), json.dumps([dict(row) for row in asked.items]).encode(), "application/json")


def _items(record: Record, dependencies: BatchPreparation) -> list[BatchItem]:
    """Every item with the attempt that this round makes. Raises InvalidInputError."""
    data, media = record.data, dependencies.media
    batch = data["id"]
    stored = media.read_tagged(batch_key(batch, ITEMS))
    if stored is None:
        return _new_items(record, dependencies)
    return next_attempts(read_items(stored[0]), data["client"], dependencies.records)


def _read(record: Record, dependencies: BatchPreparation) -> list[RowPainting]:
    data, media = record.data, dependencies.media
    asked = dict(data["asked"])
    if not asked.get("manifest") and not asked.get("prefix"):
        asked["items"] = load(media.read(batch_key(data["id"], ROWS)))
    wanted, request = BatchWish.from_json(asked), of_client(data["client"], dependencies.clients)
    rows = fill_rows(wanted, read_rows(wanted, request, media), dependencies.consent, dependencies.safety)
    return check_all(rows, request, dependencies)


def _new_items(record: Record, dependencies: BatchPreparation) -> list[BatchItem]:
    paintings, batch = _read(record, dependencies), record.data["id"]
    references = [each.inputs.consent for each in paintings]
    persons = note_batch(references, batch, record.data["client"], record.expires_at, dependencies.records)
    return [_item(batch, each, persons) for each in paintings]


def _item(batch: str, painting: RowPainting, persons: Mapping[str, str]) -> BatchItem:
    return BatchItem(
        batch=batch,
        line=painting.line,
        attempt=1,
        row=painting.row,
        version=painting.version,
        input=unnamed(painting.inputs.explicit_values(), persons),
        seconds=round(painting.seconds, 3),
    )


def next_attempts(items: Sequence[BatchItem], client: str, records: Records) -> list[BatchItem]:
    """The items, those whose attempt failed or was canceled with the next one: what succeeded, runs or never began keeps its own."""
    found = attempts_of(items, client, records)
    ended = [found.get(item.line) for item in items]
    return [
        item
        if record is None or record.status in (*OPEN, "succeeded")
        else item.model_copy(update={"attempt": item.attempt + 1})
        for item, record in zip(items, ended, strict=True)
    ]


def attempts_of(items: Sequence[BatchItem], client: str, records: Records) -> dict[int, Record]:
    """By line, the record of the prediction of each item's attempt, where there is one that is not being deleted."""
    return by_line({item.line: prediction_key(prediction_of(item, client)) for item in items}, records)


def by_line(keys: Mapping[int, str], records: Records) -> dict[int, Record]:
    """The records of these keys that are there, by line."""
    lines = {key: line for line, key in keys.items()}
    every = list(lines)
    pages = (every[start : start + _AT_ONCE] for start in range(0, len(every), _AT_ONCE))
    return {lines[record.key]: record for page in pages for record in records.get_each(page)}


def read_items(body: bytes) -> list[BatchItem]:
    """The items of a file of them."""
    return [BatchItem.from_json(load(line)) for line in body.splitlines() if line]


def _styles(item: BatchItem) -> tuple[str, str, str]:
    """Few styles are under way at a time where those of one style come together: a call of the model takes longer the more are in it."""
    return item.version, item.input.get("adapter", ""), item.input.get("second_adapter", "")


def _lines(items: Iterable[BatchItem]) -> bytes:
    return b"".join(json.dumps(item.model_dump(mode="json")).encode() + b"\n" for item in items)


def _planned(record: Record, items: Sequence[BatchItem], dependencies: BatchPreparation) -> BatchPlan:
    data, media = record.data, dependencies.media
    batch, number = data["id"], data["round"]
    done = attempts_of(items, data["client"], dependencies.records) if number > 1 else {}
    succeeded = {line for line, each in done.items() if each.status == "succeeded"}
    remaining = [item for item in items if item.line not in succeeded]
    # The items last: while they are not there, a state that is retried reads the rows again.
    mapped = [item.model_copy(update={"row": {}}) for item in sorted(remaining, key=_styles)]
    media.write(round_key(batch, number), _lines(mapped), _LINES)
    media.write(batch_key(batch, ITEMS), _lines(items), _LINES)
    seconds = sum(item.seconds for item in remaining)
    plan = {
        "items": len(remaining),
        "seconds": round(seconds, 1),
        "dollars": dollars_for(dependencies.instance, seconds),
    }
    asked = data["asked"]
    dependencies.records.change(
        record,
        lambda newest: (
            None
            if newest.status == ENDED
            else changed(
                newest,
                state="processing",
                started_at=rfc3339(dependencies.now),
                plan=plan,
                total=len(items),
                before=len(succeeded),
            )
        ),
    )
    return BatchPlan(
        id=batch,
        round=number,
        items=len(remaining),
        bucket=media.bucket,
        key=round_key(batch, number),
        results=batch_key(batch, f"map/{number}/"),
        concurrency=asked.get("concurrency", BatchWish.model_fields["concurrency"].default),
        tolerated_percent=100 * asked.get("tolerated_failures", BatchWish.model_fields["tolerated_failures"].default),
    )


def dollars_for(instance: str, seconds: float) -> float | None:
    """What so much work of one machine costs; None for one without a known price."""
    cost = estimate(instance, seconds)
    return None if cost is None else round(cost, 4)

"""The end of a batch's round: what became of each item, in files, and in the batch's record.

It is made of the items and the records of their predictions, and not of the execution's history: so it can be made again, and of a round
that was stopped.
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from atelier_ops.gateways.records import Record, Records
from atelier_ops.gateways.storage import ObjectStore
from atelier_ops.gateways.topic import Topic
from atelier_ops.gateways.workflow import Executions
from atelier_ops.logic.batches.items import REFUSED, item_key, prediction_of
from atelier_ops.logic.batches.preparing import ITEMS, attempts_of, by_line, dollars_for, read_items
from atelier_ops.logic.batches.records import ENDED, UNDER_WAY, batch_record_key, changed, ended, execution_name
from atelier_ops.logic.batches.report_page import report_page
from atelier_ops.logic.batches.review import group_of, review_of
from atelier_ops.logic.batches.showing import NOT_BEGUN, REPORT
from atelier_ops.logic.submission import OPEN
from atelier_ops.logic.sweeping import sweep
from atelier_ops.logic.timestamps import seconds
from atelier_ops.logic.webhook_news import announce
from atelier_ops.observability import logger
from contracts.batches import BatchItem
from contracts.disclosure import Texts
from contracts.layout import batch_key

LATE = 600
"""Seconds after which a batch is looked at whose execution was never started: whoever was to do it has died."""

STATES: Mapping[str, str] = {"SUCCEEDED": "succeeded", "ABORTED": "canceled"}
"""What a batch is whose execution has ended like that; failed otherwise."""

_TYPES: Mapping[str, str] = {"html": "text/html; charset=utf-8", "json": "application/json", "csv": "text/csv"}


@dataclass(frozen=True, kw_only=True)
class Reporting:
    """What reporting needs. ``instance`` is the type of the machines that paint; ``due`` is told that a webhook has something to say;
    ``disclosure`` is what people are told who see the pictures."""

    records: Records
    media: ObjectStore
    instance: str
    due: Topic
    disclosure: Texts
    now: float


@dataclass(frozen=True, kw_only=True)
class Settling(Reporting):
    """What finding besides needs what is to be reported."""

    executions: Executions


def report_batch(batch: str, number: int, state: str, dependencies: Reporting) -> dict[str, Any]:
    """Write what became of this round, which ends as ``state`` unless the batch has ended already; its totals. Harmless when repeated."""
    record = dependencies.records.get(batch_record_key(batch))
    if record is None or record.data["round"] != number:
        logger.info("nothing to report: the batch is gone, or was resumed", batch=batch, round=number)
        return {}
    written = dependencies.media.read_tagged(batch_key(batch, ITEMS))
    items = read_items(written[0]) if written else []
    entries = list(_entries(items, record.data["client"], dependencies.records))
    totals = _totals(entries, dependencies.instance)
    if items:
        _write(batch, record, state, entries, totals, dependencies)
    stored = dependencies.records.change(
        record, lambda newest: _after(newest, number, state, {**totals, "reported": bool(items)}, dependencies.now)
    )
    if stored is not None:
        announce(stored.data.get("webhook", ""), dependencies.due)
    return totals


def _after(newest: Record, number: int, state: str, totals: Mapping[str, Any], now: float) -> Record | None:
    if newest.data["round"] != number:
        return None
    if newest.status == ENDED:
        return changed(newest, **totals)
    failed = totals["counts"]["failed"]
    reason = f"{failed} of {totals['counts']['total']} items failed" if state == "failed" else None
    return ended(newest, state, now, **totals, **({"error": reason} if reason else {}))


def _entries(items: Sequence[BatchItem], client: str, records: Records) -> Iterator[dict[str, Any]]:
    found = attempts_of(items, client, records)
    predictions = {item.line: prediction_of(item, client) for item in items}
    refused = by_line({line: item_key(each) for line, each in predictions.items() if line not in found}, records)
    for item in items:
        prediction, record = predictions[item.line], found.get(item.line)
        yield {
            "line": item.line,
            "row": dict(item.row),
            "prediction": prediction if record else None,
            "attempt": item.attempt,
            "version": item.version,
            "group": group_of(item),
            **_end(record, refused.get(item.line)),
        }


def _end(record: Record | None, told: Record | None) -> dict[str, Any]:
    """How an item is: by its prediction's record, or by what was said instead of taking it on."""
    if record is None:
        refused = told is not None and told.status == REFUSED
        return {"status": "failed" if refused else "waiting", "error": told.data["error"] if told and refused else None}
    data, status = record.data, "running" if record.status in OPEN else record.status
    return {
        "status": status if status in NOT_BEGUN else "waiting",
        "error": data.get("error"),
        "metrics": data.get("metrics", {}),
        "outputs": data.get("outputs", []),
    }


def _totals(entries: Sequence[Mapping[str, Any]], instance: str) -> dict[str, Any]:
    counts = {**NOT_BEGUN, "total": len(entries)}
    for entry in entries:
        counts[entry["status"]] += 1
    painted = sum(float(entry.get("metrics", {}).get("predict_time", 0.0)) for entry in entries)
    return {"counts": counts, "seconds": round(painted, 3), "dollars": dollars_for(instance, painted)}


def _write(
    batch: str,
    record: Record,
    state: str,
    entries: Sequence[Mapping[str, Any]],
    totals: Mapping[str, Any],
    dependencies: Reporting,
) -> None:
    review = review_of(entries)
    whole = {
        "batch": batch,
        "name": record.data["asked"].get("name"),
        "round": record.data["round"],
        "status": state if record.status != ENDED else record.data["state"],
        "disclosure": dict(dependencies.disclosure),
        **totals,
        "items": list(entries),
        "review": review["items"],
        "drifts": review["drifts"],
        "groups": review["groups"],
    }
    files = {
        "data": json.dumps(whole, ensure_ascii=False).encode(),
        "csv": _table(entries).encode(),
        "review": json.dumps(review, ensure_ascii=False).encode(),
        "page": report_page(whole).encode(),
    }
    for what, body in files.items():
        name = REPORT[what]
        dependencies.media.write(batch_key(batch, name), body, _TYPES[name.rpartition(".")[2]])


def _table(entries: Sequence[Mapping[str, Any]]) -> str:
    """A line an item: its row's columns, and what became of it."""
    columns = list(dict.fromkeys(column for entry in entries for column in entry["row"]))
    own = ("line", "status", "prediction", "attempt", "version", "seconds", "error")
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([*own, *columns])
    for entry in entries:
        painted = entry.get("metrics", {}).get("predict_time", "")
        facts = [painted if name == "seconds" else entry[name] for name in own]
        row = [entry["row"].get(column, "") for column in columns]
        writer.writerow([_plain(value) for value in (*facts, *row)])
    return text.getvalue()


def _plain(value: Any) -> Any:
    """Without what a spreadsheet would take for a formula: rows are what clients sent, or what their customers did."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


def settle_execution(name: str, dependencies: Settling) -> str:
    """Report the round of an execution that has ended otherwise than with its own report; says what it did."""
    execution = dependencies.executions.describe(name)
    if execution is None or execution.status == "RUNNING":
        return f"{name}: runs, or is gone"
    batch, number = execution.input.get("batch", name), execution.input.get("round", 1)
    report_batch(str(batch), int(number), STATES.get(execution.status, "failed"), dependencies)
    return f"{name}: {execution.status}"


def settle_lost(dependencies: Settling) -> Iterator[str]:
    """Report each batch whose execution has ended unheard, and end those whose execution was never started; says what was done.

    Raises an ExceptionGroup of what went wrong, after it has looked at all.
    """
    with sweep() as one:
        for key in dependencies.records.expiring(UNDER_WAY, int(dependencies.now) + 10 * 365 * 86_400):
            with one(key):
                record = dependencies.records.get(key)
                if record is not None and record.status == UNDER_WAY:
                    yield _settle(record, dependencies)


def _settle(record: Record, dependencies: Settling) -> str:
    name = execution_name(record)
    if dependencies.executions.describe(name) is not None:
        return settle_execution(name, dependencies)
    if dependencies.now - seconds(record.data["created_at"]) < LATE:
        return f"{name}: is young"
    reason = {"error": "its execution was never started: resume it"}
    if dependencies.records.replace(record, ended(record, "failed", dependencies.now, **reason)):
        announce(record.data.get("webhook", ""), dependencies.due)
    return f"{name}: never started"

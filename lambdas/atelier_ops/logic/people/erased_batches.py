"""Removing a person's rows of batches: from the list of items, from the report, and from what a machine mapped. The list that a client
uploaded goes whole, since others' rows lie in the batch's own.
"""

import json
from dataclasses import replace

from atelier_ops.gateways.records import Record
from atelier_ops.logic.batches.preparing import ITEMS, read_items
from atelier_ops.logic.batches.records import ENDED, batch_record_key, ended, execution_name
from atelier_ops.logic.batches.reporting import Reporting, report_batch
from atelier_ops.logic.people.erasure import Erasing, gone
from atelier_ops.logic.people.persons import named
from atelier_ops.logic.timestamps import seconds
from contracts.batches import BatchItem
from contracts.layout import UPLOADS, batch_key, round_key

STOPPED_AFTER = 12 * 3_600
"""Seconds after which a batch that is still under way is stopped: half of the day within which all is gone."""

REPORTED_AFTER = 600
"""Seconds within which the report of a batch that was stopped is written: longer than a function may take that writes it."""

_ROWS = "rows"
"""Member of a note: how many rows of the batch were found to be the person's."""


def erase_batch(note: Record, erasure: Record, dependencies: Erasing) -> bool:
    """Whether the person's rows are gone.

    Of a batch that is under way they go at once and are not painted, but for what its machine maps, which names nobody: that goes once
    the batch has ended. One that would take too long, or shows nobody else, is stopped.
    """
    batch = named(note.key)[1]
    record = dependencies.records.get(batch_record_key(batch))
    if record is not None and record.status != ENDED:
        _withdraw(note, record, erasure, dependencies)
        return False
    if record is not None and _is_written(record, dependencies):
        return False
    others, noted = _split(note, erasure, dependencies)
    if noted is None:
        return True
    whole = not others
    if whole:
        for entry in dependencies.media.listing(batch_key(batch, "")):
            dependencies.media.delete(entry.key)
    else:
        _keep(batch, others, dependencies)
    if record is not None:
        _drop_list(record, dependencies)
        if not whole:
            _report_anew(record, dependencies)
        newest = dependencies.records.get(record.key)
        if newest is not None and newest.status != ENDED:  # it was resumed meanwhile, and may have read the rows before
            return False
    counts = {"batch_rows": noted.data[_ROWS], "batches": int(whole)}
    return gone(noted, counts, erasure, dependencies, record if whole else None)


def _withdraw(note: Record, record: Record, erasure: Record, dependencies: Erasing) -> None:
    """Remove the person's rows of a batch that paints. While its first state reads them, that refuses them itself."""
    data = record.data
    if data["state"] == "starting":
        return
    others, noted = _split(note, erasure, dependencies)
    if noted is None:
        return
    if not others or dependencies.now - seconds(erasure.data["requested_at"]) > STOPPED_AFTER:
        reason = {
            "error": "stopped, so that a person's data are deleted in time: resume it, and the other rows are painted"
        }
        dependencies.records.change(
            record,
            lambda newest: None if newest.status == ENDED else ended(newest, "canceled", dependencies.now, **reason),
        )
        _stop(record, dependencies)
        return
    batch, number = str(data["id"]), int(data["round"])
    _keep(batch, others, dependencies, spared=(round_key(batch, number), batch_key(batch, f"map/{number}/")))
    _drop_list(record, dependencies)


def _runs(record: Record, dependencies: Erasing) -> bool:
    execution = dependencies.batches.describe(execution_name(record))
    return execution is not None and execution.status == "RUNNING"


def _stop(record: Record, dependencies: Erasing) -> None:
    """Stop the execution of a batch that is canceled, unless it has ended."""
    if _runs(record, dependencies):
        dependencies.batches.stop(execution_name(record))


def _is_written(record: Record, dependencies: Erasing) -> bool:
    """Whether what has ended may still write: its execution, which somebody may have died before stopping, or the report of one that
    was stopped.
    """
    if _runs(record, dependencies):
        if record.data["state"] == "canceled":
            _stop(record, dependencies)
        return True
    young = dependencies.now - seconds(record.data["completed_at"]) < REPORTED_AFTER
    return young and not record.data.get("reported")


def _split(note: Record, erasure: Record, dependencies: Erasing) -> tuple[list[BatchItem], Record | None]:
    """The rows of others, and the note with how many are the person's, whose uploads go; without one where it is gone."""
    stored = dependencies.media.read_tagged(batch_key(named(note.key)[1], ITEMS))
    items = read_items(stored[0]) if stored else []
    mine = [item for item in items if item.input.get("consent") == erasure.data["person"]]
    noted = _noted(note, len(mine), dependencies)
    if noted is not None:
        for item in mine:
            _drop_uploads(item, dependencies)
    return [item for item in items if item.input.get("consent") != erasure.data["person"]], noted


def _noted(note: Record, rows: int, dependencies: Erasing) -> Record | None:
    """The note with how many rows there were at first, whatever is left of them; None where it is gone."""
    return dependencies.records.change(
        note, lambda newest: replace(newest, data={**newest.data, _ROWS: max(rows, newest.data.get(_ROWS, 0))})
    )


def _drop_uploads(item: BatchItem, dependencies: Erasing) -> None:
    for name in ("image", "mask"):
        if str(item.input.get(name, "")).startswith(UPLOADS):
            dependencies.media.delete(str(item.input[name]))


def _keep(batch: str, items: list[BatchItem], dependencies: Erasing, *, spared: tuple[str, ...] = ()) -> None:
    """Leave only these items, and of what else was written what begins as ``spared``; the report is made anew."""
    lines = b"".join(json.dumps(item.model_dump(mode="json")).encode() + b"\n" for item in items)
    dependencies.media.write(batch_key(batch, ITEMS), lines, "application/jsonl")
    for entry in dependencies.media.listing(batch_key(batch, "")):
        if not entry.key.startswith((batch_key(batch, ITEMS), *spared)):
            dependencies.media.delete(entry.key)


def _drop_list(record: Record, dependencies: Erasing) -> None:
    if manifest := record.data["asked"].get("manifest"):
        dependencies.media.delete(manifest)


def _report_anew(record: Record, dependencies: Erasing) -> None:
    if record.data.get("reported"):
        reporting = Reporting(
            records=dependencies.records,
            media=dependencies.media,
            instance=dependencies.instance,
            due=dependencies.due,
            disclosure=dependencies.disclosure,
            now=dependencies.now,
        )
        report_batch(record.data["id"], record.data["round"], record.data["state"], reporting)

"""Removing a person's rows of batches: from the list of items, from the report, and from what a machine mapped. The list that a client
uploaded goes whole, since others' rows lie in the batch's own.
"""

import json
from dataclasses import replace

from atelier_ops.gateways.records import Record
from atelier_ops.logic.batches.preparing import ITEMS, read_items
from atelier_ops.logic.batches.records import ENDED, batch_record_key
from atelier_ops.logic.batches.reporting import Reporting, report_batch
from atelier_ops.logic.people.erasure import Erasing, gone
from atelier_ops.logic.people.persons import named
from contracts.batches import BatchItem
from contracts.layout import UPLOADS, batch_key

_ROWS = "rows"
"""Member of a note: how many rows of the batch were found to be the person's."""


def erase_batch(note: Record, erasure: Record, dependencies: Erasing) -> bool:
    """Whether the person's rows are gone; those of a batch that is under way wait for its end, and are not painted."""
    batch = named(note.key)[1]
    record = dependencies.records.get(batch_record_key(batch))
    if record is not None and record.status != ENDED:
        return False
    stored = dependencies.media.read_tagged(batch_key(batch, ITEMS))
    items = read_items(stored[0]) if stored else []
    mine = [item for item in items if item.input.get("consent") == erasure.data["person"]]
    noted = _noted(note, len(mine), dependencies)
    if noted is None:
        return True
    for item in mine:
        _drop_uploads(item, dependencies)
    others = [item for item in items if item not in mine]
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
    counts = {"batch_rows": noted.data[_ROWS], "batches": int(whole)}
    return gone(noted, counts, erasure, dependencies, record if whole else None)


def _noted(note: Record, rows: int, dependencies: Erasing) -> Record | None:
    """The note with how many rows there were at first, whatever is left of them; None where it is gone."""
    return dependencies.records.change(
        note, lambda newest: replace(newest, data={**newest.data, _ROWS: max(rows, newest.data.get(_ROWS, 0))})
    )


def _drop_uploads(item: BatchItem, dependencies: Erasing) -> None:
    for name in ("image", "mask"):
        if str(item.input.get(name, "")).startswith(UPLOADS):
            dependencies.media.delete(str(item.input[name]))


def _keep(batch: str, items: list[BatchItem], dependencies: Erasing) -> None:
    """Leave only these items, and of what was written by earlier rounds nothing but the report, which is made anew."""
    lines = b"".join(json.dumps(item.model_dump(mode="json")).encode() + b"\n" for item in items)
    dependencies.media.write(batch_key(batch, ITEMS), lines, "application/jsonl")
    for entry in dependencies.media.listing(batch_key(batch, "")):
        if entry.key != batch_key(batch, ITEMS):
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
            now=dependencies.now,
        )
        report_batch(record.data["id"], record.data["round"], record.data["state"], reporting)

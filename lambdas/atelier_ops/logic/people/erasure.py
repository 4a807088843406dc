"""Deleting all that belongs to a person: a record says that it is wanted, and the sweep does it, however often that breaks off.

While the record is there nothing new of the person is taken on, so that what is found once nothing more was noted is all. It stays as the
report, of how many things were removed and not whose. Each thing is counted in the transaction that removes its note: once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from atelier_ops.gateways.logs import Logs
from atelier_ops.gateways.records import NEVER, Record, Transaction
from atelier_ops.gateways.registry import Packages
from atelier_ops.gateways.storage import ObjectStore
from atelier_ops.gateways.workflow import Executions
from atelier_ops.logic.submission import Ending
from atelier_ops.logic.timestamps import rfc3339
from contracts.disclosure import Texts

ERASING, ERASED = "erasing", "erased"
"""Statuses of the record of a deletion."""

SETTLED = 60
"""Seconds after which the table's index has whatever was noted before the deletion was asked for."""

DAY = 86_400
KEEP_REPORT = 3 * 365 * DAY
"""Seconds for which a report is kept, and the reference refused."""


@dataclass(frozen=True, kw_only=True)
class Erasing(Ending):
    """What removing needs. ``executions`` are those of trainings, ``batches`` of batches; ``instance`` is the type of the machines that
    paint, and ``disclosure`` what is said of pictures, by which batches are reported anew.
    """

    data: ObjectStore
    models: ObjectStore
    packages: Packages
    executions: Executions
    batches: Executions
    logs: Logs
    name_prefix: str
    instance: str
    disclosure: Texts
    now: float


def wanted(key: str, person: str, clients: tuple[str, ...], by: str, now: float) -> Record:
    """The record of a deletion that the client ``by`` asks for: of what these clients made, or, where none is named, of all."""
    data = {
        "person": person,
        "clients": list(clients),
        "by": by,
        "requested_at": rfc3339(now),
        "counts": {},
        "waits": [],
    }
    return Record(key=key, status=ERASING, expires_at=NEVER, data=data)


def is_meant(note: Record, erasure: Record) -> bool:
    """Whether a note of the person is of what this deletion removes."""
    return not erasure.data["clients"] or note.data["client"] in erasure.data["clients"]


def gone(
    note: Record, counts: Mapping[str, int], erasure: Record, dependencies: Erasing, *removed: Record | None
) -> bool:
    """Remove the note of a thing of which nothing else is left but these records, and count it; whether it is gone."""
    records = [each for each in removed if each is not None]
    newest = dependencies.records.get(erasure.key)
    while newest is not None:
        total = {**newest.data["counts"]}
        for name, number in counts.items():
            total[name] = total.get(name, 0) + number
        counted = replace(newest, data={**newest.data, "counts": total})
        if dependencies.records.exchange(Transaction(replaced=((newest, counted),), removed=(*records, note))):
            return True
        if dependencies.records.get(note.key) is None:
            return True
        if (
            again := dependencies.records.get(erasure.key)
        ) == newest:  # one of the records has changed: the next sweep looks again
            return False
        newest = again
    return False


def ended(erasure: Record, now: float) -> Record:
    """The record once nothing is left."""
    data: dict[str, Any] = {**erasure.data, "completed_at": rfc3339(now), "waits": []}
    return replace(erasure, status=ERASED, expires_at=int(now) + KEEP_REPORT, data=data)

"""Removing a person's predictions: canceled where they are under way, with what was sent, painted and answered, and their uploads."""

from atelier_ops.gateways.records import Record
from atelier_ops.logic import deletion
from atelier_ops.logic.people.erasure import Erasing, gone
from atelier_ops.logic.people.persons import named
from atelier_ops.logic.results import canceled, end, prediction_key
from atelier_ops.logic.submission import OPEN


def erase_prediction(note: Record, erasure: Record, dependencies: Erasing) -> bool:
    """Whether all of it is gone. Each step may be repeated."""
    records, media = dependencies.records, dependencies.media
    record = records.get(prediction_key(named(note.key)[1]))
    if record is not None and record.status in OPEN:
        end(record, lambda newest: canceled(newest, dependencies.now), dependencies)
        record = records.get(record.key)
    doomed = deletion.begin(record, dependencies) if record is not None else None
    if doomed is not None:
        deletion.clear(doomed, media)
    elif record is not None and records.get(record.key) is not None:
        return False
    uploads = note.data["uploads"]
    for upload in uploads:
        media.delete(upload)
    pictures = len(doomed.data.get("outputs", ())) if doomed is not None else 0
    return gone(note, {"predictions": 1, "pictures": pictures, "uploads": len(uploads)}, erasure, dependencies, doomed)

"""Deleting a prediction: from the first moment it is gone for its client, and what breaks off is finished by whoever comes next."""

from dataclasses import replace

from atelier_ops.gateways.records import Record
from atelier_ops.logic.submission import OPEN, Queueing, inference_id
from contracts.layout import S3Uri, outputs_prefix, request_key

DELETING = "deleting"
"""The status of a record of which everything else may be gone already. Nobody is shown it."""


def begin(record: Record, dependencies: Queueing) -> Record | None:
    """The record as one that is being deleted; None where it is gone, or open."""
    return dependencies.records.change(
        record, lambda newest: replace(newest, status=DELETING) if newest.status not in OPEN else None
    )


def finish(record: Record, dependencies: Queueing) -> None:
    """Delete what was sent, painted and answered, then the record, which goes last."""
    media, prediction = dependencies.media, inference_id(record)
    attempts = (record.data.get("answer", {}), *record.data.get("earlier", []))
    places = [S3Uri.parse(uri) for attempt in attempts for uri in attempt.values() if uri]
    answers = [place.key for place in places if place.bucket == media.bucket]
    pictures = [stored.key for stored in media.listing(outputs_prefix(prediction))]
    for key in (request_key(prediction), *answers, *pictures):
        media.delete(key)
    dependencies.records.remove(record)

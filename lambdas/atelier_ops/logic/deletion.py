"""Deleting a prediction: from the first moment it is gone for its client, and what breaks off is finished by whoever comes next."""

from collections.abc import Iterable
from dataclasses import replace

from atelier_ops.gateways.records import Record
from atelier_ops.gateways.storage import ObjectStore
from atelier_ops.logic.submission import OPEN, Queueing, inference_id
from contracts.layout import S3Uri, found_masks_prefix, outputs_prefix, progress_key, request_key

DELETING = "deleting"
"""The status of a record of which everything else may be gone already. Nobody is shown it."""


def begin(record: Record, dependencies: Queueing) -> Record | None:
    """The record as one that is being deleted; None where it is gone, or open."""
    return dependencies.records.change(
        record, lambda newest: replace(newest, status=DELETING) if newest.status not in OPEN else None
    )


def finish(record: Record, dependencies: Queueing) -> None:
    """Delete what was sent, painted and answered, then the record, which goes last."""
    clear(record, dependencies.media)
    dependencies.records.remove(record)


def clear(record: Record, media: ObjectStore) -> None:
    """Delete what was sent, painted and answered."""
    attempts = (record.data.get("answer", {}), *record.data.get("earlier", []))
    places = (S3Uri.parse(uri) for attempt in attempts for uri in attempt.values() if uri)
    erase(inference_id(record), places, media)


def erase(prediction: str, answers: Iterable[S3Uri], media: ObjectStore) -> None:
    """Delete a prediction's request, its progress, its pictures and masks, and those of the ``answers`` that lie in our bucket."""
    drop_answers(answers, media)
    folders = outputs_prefix(prediction), found_masks_prefix(prediction)
    pictures = [stored.key for folder in folders for stored in media.listing(folder)]
    for key in (request_key(prediction), progress_key(prediction), *pictures):
        media.delete(key)


def drop_answers(answers: Iterable[S3Uri], media: ObjectStore) -> None:
    """Delete those of the answers that lie in our bucket."""
    for place in answers:
        if place.bucket == media.bucket:
            media.delete(place.key)

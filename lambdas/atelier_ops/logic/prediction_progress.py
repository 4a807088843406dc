"""What an open prediction's progress is, as the model server tells it in S3 (``contracts.running``)."""

from typing import Any

from atelier_ops.gateways.records import Record
from atelier_ops.gateways.storage import ObjectStore, parse_json
from atelier_ops.logic.submission import inference_id
from atelier_ops.logic.timestamps import rfc3339, seconds
from contracts.layout import progress_key
from contracts.running import RunningWork

CLOCKS_APART = 2.0
"""Seconds by which the model server's clock may be behind ours."""

BAR = 10
"""Characters of the bar in ``logs``, which Replicate's client reads as tqdm's."""


def under_way(record: Record, media: ObjectStore, now: float) -> dict[str, Any]:
    """What is to be shown of a prediction whose endpoint is awake: that it waits, or how far the work is that was told of."""
    work = _told(record, media)
    if work is None:
        return {"stage": "queued"}
    started = {"status": "processing", "started_at": rfc3339(work.begun)}
    if not work.total:
        return {**started, "stage": "running"}
    share = work.done / work.total
    return {
        **started,
        "stage": "storing" if work.done == work.total else "running",
        "progress": {"percentage": round(share, 4), "current": work.done, "total": work.total},
        "eta_seconds": _left(work, now),
        "logs": f"{share:4.0%}|{'#' * round(share * BAR):{BAR}}| {work.done}/{work.total}\n",
    }


def _told(record: Record, media: ObjectStore) -> RunningWork | None:
    """What the server told of the newest attempt; None where it told of none."""
    queued, key = str(record.data.get("queued_at", "")), progress_key(inference_id(record))
    stored = media.read_tagged(key) if queued else None
    if stored is None:
        return None
    work = RunningWork.from_json(parse_json(stored[0], key))
    return work if work.begun > seconds(queued) - CLOCKS_APART else None


def _left(work: RunningWork, now: float) -> float | None:
    """Seconds until the last step, if each takes as long as those before; what storing takes comes on top. None before the first."""
    if not work.done:
        return None
    left = work.seconds / work.done * (work.total - work.done)
    return round(max(0.0, left - max(0.0, now - work.begun - work.seconds)), 1)

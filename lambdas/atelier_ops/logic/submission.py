"""Handing requests to endpoints: whoever claims a record hands its request over, so that of many who want to only one does.

A record's data says how far it is: ``attempts`` (how often its request was handed over, or may have been), ``claimed_until`` (in seconds
since 1970), ``submitted`` (whether the endpoint has taken it), ``answer`` (where the answer of the newest attempt will lie) and ``earlier``
(the same of those before it).

The request's object, ``requests/{id}.json``, is there for as long as somebody waits: a queued request without it fails at once, and the
model server stops one that it works on.
"""

from dataclasses import dataclass, replace
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from atelier_ops.errors import EndpointUnavailableError, SubmissionUnclearError
from atelier_ops.gateways.inference import Inference
from atelier_ops.gateways.records import WAITING, Record, Records
from atelier_ops.gateways.storage import ObjectStore
from atelier_ops.gateways.topic import Topic
from atelier_ops.gateways.workflow import Tokens
from atelier_ops.logic.timestamps import rfc3339
from atelier_ops.observability import count, logger
from contracts.layout import S3Uri, request_key

INLINE = "body"
"""Where a record keeps the body of a request that is no prediction's: nobody can cancel it, so it needs no object that is there until then,
and goes with the call. It has at most 128,000 bytes."""

CLAIM_SECONDS = 120
"""How long a claim holds: longer than the API's handler may run, and longer than handing over takes."""

OPEN = ("starting", "processing")
"""Statuses a prediction can still leave."""


@dataclass(frozen=True, kw_only=True)
class Queueing:
    """What handing over needs."""

    records: Records
    media: ObjectStore
    inference: Inference


@dataclass(frozen=True, kw_only=True)
class Ending(Queueing):
    """What ending a prediction needs besides: whom ``due`` tells that a webhook has something to say, and the ``tokens`` of batches."""

    due: Topic
    tokens: Tokens


def inference_id(record: Record) -> str:
    """What the endpoint calls the record's request."""
    return record.key.partition("#")[2]


def attempts(record: Record) -> int:
    """How often its request was handed over, or may have been."""
    return int(record.data.get("attempts", 1 if is_submitted(record) else 0))


def is_submitted(record: Record) -> bool:
    """Whether the endpoint has taken its request. What was stored before there were attempts was."""
    return bool(record.data.get("submitted", True))


def is_claimed(record: Record, now: float) -> bool:
    """Whether somebody is handing its request over."""
    return not is_submitted(record) and float(record.data.get("claimed_until", 0.0)) > now


def claimed(record: Record, now: float) -> Record:
    """The record with one more attempt, which is whose who stores it."""
    data = dict(record.data)
    answer = data.pop("answer", None)
    earlier = [*data.get("earlier", []), *([answer] if answer else [])]
    changes: dict[str, Any] = {"attempts": attempts(record) + 1, "claimed_until": now + CLAIM_SECONDS}
    return replace(record, data={**data, **({"earlier": earlier} if earlier else {}), "submitted": False, **changes})


def submit(record: Record, dependencies: Queueing, now: float) -> Record:
    """Hand over the request of a record that the caller has claimed, and store where its answer will lie; the record as it is then.

    Raises EndpointUnavailableError where the endpoint refuses it: then nothing is queued, and the claim goes on. Of a request that may
    have been queued or not, or whose record cannot be written, the claim runs out: the answer's notification ends it, or ``repair``.
    """
    where = S3Uri(bucket=dependencies.media.bucket, key=request_key(inference_id(record)))
    try:
        inline = str(record.data.get(INLINE, ""))
        places = dependencies.inference.submit(record.data["endpoint"], where, inference_id(record), inline)
        submitted = {"submitted": True, "answer": places.to_json(), "queued_at": rfc3339(now)}
        stored = dependencies.records.change(
            record, lambda newest: replace(newest, data={**newest.data, **submitted}) if _same(newest, record) else None
        )
    except (SubmissionUnclearError, ClientError, BotoCoreError):
        logger.exception("a request may have been queued", id=inference_id(record))
        return record
    if stored is not None and stored.status in OPEN:
        count("PredictionsQueued")
    newest = stored or dependencies.records.get(record.key)
    if newest is None or not _is_open(newest):
        drop_request(record, dependencies)
    return newest or record


def withdraw(record: Record, dependencies: Queueing) -> None:
    """Give up a claim of which nothing was queued.

    The record goes, unless an earlier attempt may have been queued or somebody else has been told of it: then anybody may claim it.
    """
    if attempts(record) == 1 and dependencies.records.remove(record):
        drop_request(record, dependencies)
        return
    _release(record, dependencies)


def drop_request(record: Record, dependencies: Queueing) -> None:
    """Let nobody begin, or go on with, work on the record's request."""
    if INLINE not in record.data:
        dependencies.media.delete(request_key(inference_id(record)))


def hand_over(record: Record, dependencies: Queueing, now: float) -> bool:
    """Claim the record and submit its request, whose body is in it or lies where it was put.

    False where somebody else has claimed the record or changed it.

    Raises EndpointUnavailableError; then the record is anybody's to claim.
    """
    mine = claimed(record, now)
    if not dependencies.records.replace(record, mine):
        return False
    try:
        submit(mine, dependencies, now)
    except EndpointUnavailableError:
        _release(mine, dependencies)
        raise
    return True


def _release(claim: Record, dependencies: Queueing) -> None:
    """Let anybody claim the record again: nothing was queued."""
    given_up = {"claimed_until": 0.0, "attempts": attempts(claim) - 1}
    dependencies.records.change(
        claim, lambda newest: replace(newest, data={**newest.data, **given_up}) if _same(newest, claim) else None
    )


def _same(newest: Record, claim: Record) -> bool:
    """Whether the claim still holds: others may only have noted that they know of the record."""
    known = ("attempts", "claimed_until", "submitted")
    return _is_open(newest) and all(newest.data.get(name) == claim.data.get(name) for name in known)


def _is_open(record: Record) -> bool:
    return record.status in (*OPEN, WAITING)

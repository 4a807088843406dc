"""What nobody was told of: answers are looked for where SageMaker said it would write them, and what was never queued is queued."""

from collections.abc import Callable

from atelier_ops.errors import EndpointDeniedError, EndpointUnavailableError
from atelier_ops.gateways.inference import LONGEST_RUN, WAIT_IN_QUEUE
from atelier_ops.gateways.records import WAITING, Record
from atelier_ops.gateways.storage import ObjectStore
from atelier_ops.logic import smoke
from atelier_ops.logic.batches.items import GRACE, LONGEST_ITEM, PAINTING, settle_item
from atelier_ops.logic.batches.records import batch_record_key
from atelier_ops.logic.deletion import DELETING, finish
from atelier_ops.logic.notification import Outcome
from atelier_ops.logic.results import (
    canceled,
    end,
    fail_smoke_test,
    failed,
    prediction_key,
    settle,
    settle_prediction,
)
from atelier_ops.logic.submission import (
    INLINE,
    OPEN,
    Ending,
    attempts,
    hand_over,
    inference_id,
    is_claimed,
    is_submitted,
)
from atelier_ops.logic.sweeping import sweep
from atelier_ops.logic.timestamps import seconds
from atelier_ops.observability import count, logger
from contracts.layout import S3Uri, request_key

LATE = 60
"""Seconds without a notification after which somebody looks in S3: a notification takes about one."""

LATEST_ANSWER = WAIT_IN_QUEUE + LONGEST_RUN + 300
"""Seconds after which an answer cannot come any more."""

MOST_ATTEMPTS = 3
"""How often a request is handed over, whatever becomes of it."""

LONGEST_REFUSED = 1_800
"""Seconds after which an endpoint's refusal ends a prediction of which somebody was told that it will be made."""

NO_ANSWER = "no answer came: the request expired in the queue"
NEVER_QUEUED = "it could not be queued: send it again"
NEVER_WILL = "an error of ours, which sending it again does not mend"


def look_again(record: Record, dependencies: Ending, now: float) -> Record:
    """The prediction as it is now.

    It is settled where its answer lies in S3, queued where it never was, and failed where no answer can come any more.
    """
    if record.status not in OPEN or now - seconds(record.data["created_at"]) < LATE:
        return record
    found = find(record, dependencies.media)
    if found is not None:
        settle_prediction(found, dependencies, now)
        count("AnswersRecovered")
    elif reason := _hopeless(record, dependencies, now):
        # Only as it was looked at: by now somebody may have claimed it.
        end(record, lambda newest: failed(newest, reason, now) if newest == record else None, dependencies)
    return dependencies.records.get(record.key) or record


def _hopeless(record: Record, dependencies: Ending, now: float) -> str:
    """Why no answer will come; empty where one may. What was never queued is queued now."""
    if is_submitted(record):
        queued = seconds(record.data.get("queued_at", record.data["created_at"]))
        return NO_ANSWER if now - queued > LATEST_ANSWER else ""
    if is_claimed(record, now):
        return ""
    if attempts(record) >= MOST_ATTEMPTS or not _has_request(record, dependencies):
        return NEVER_QUEUED
    try:
        hand_over(record, dependencies, now)
    except EndpointDeniedError as error:
        logger.exception("a request can never be queued", id=inference_id(record))
        # Of an earlier attempt, which may have been queued, an answer may still come.
        return "" if attempts(record) and not _is_refused_for_long(record, now) else f"{error}: {NEVER_WILL}"
    except EndpointUnavailableError as error:
        return f"{error}: {NEVER_QUEUED}" if _is_refused_for_long(record, now) else ""
    return ""


def _has_request(record: Record, dependencies: Ending) -> bool:
    return INLINE in record.data or dependencies.media.uploaded(request_key(inference_id(record))) is not None


def _is_refused_for_long(record: Record, now: float) -> bool:
    return now - seconds(record.data["created_at"]) > LONGEST_REFUSED


def find(record: Record, media: ObjectStore) -> Outcome | None:
    """What lies where the record says that an answer will be; None while nothing does. Of earlier attempts only successes count."""
    name, newest = inference_id(record), record.data.get("answer", {})
    for places in (newest, *record.data.get("earlier", [])):
        if found := _lying(places.get("output"), media):
            return Outcome(inference_id=name, succeeded=True, output=found[0], written=found[1])
    if found := _lying(newest.get("failure"), media):
        return Outcome(inference_id=name, succeeded=False, failure=found[0], written=found[1])
    return None


def _lying(uri: str | None, media: ObjectStore) -> tuple[S3Uri, float] | None:
    """The place and when it was written, where an object of ours lies there."""
    where = S3Uri.parse(uri) if uri else None
    stored = media.uploaded(where.key) if where and where.bucket == media.bucket else None
    return (where, stored.written) if where and stored else None


def reconcile(dependencies: Ending, keep_seconds: int, clock: Callable[[], float], goes_on: Callable[[], bool]) -> int:
    """Look at every prediction and smoke test that has waited for long and that nobody asked about; says how many there were.

    A deletion that broke off is finished.

    ``keep_seconds`` is how long a prediction is kept, from which its record's expiry tells its age. Ends early where ``goes_on`` says no.
    Raises an ExceptionGroup of what went wrong, after it has looked at all.
    """
    looked = 0
    with sweep() as one:
        for status, lifetime in (
            *((status, keep_seconds) for status in (*OPEN, DELETING)),
            (WAITING, smoke.LONGEST_TEST),
            (PAINTING, LONGEST_ITEM),
        ):
            for key in dependencies.records.expiring(status, int(clock()) + lifetime - LATE):
                if not goes_on():
                    return looked
                with one(key):
                    looked += _look(key, status, dependencies, clock())
    return looked


def _look(key: str, status: str, dependencies: Ending, now: float) -> bool:
    """Whether there was something to look at."""
    record = dependencies.records.get(key)
    if record is None or record.status != status:
        return False
    kind = record.key.partition("#")[0]
    if status == DELETING:
        finish(record, dependencies)
    elif kind == "prediction":
        look_again(record, dependencies, now)
    elif kind == "smoke":
        _look_at_smoke_test(record, dependencies, now)
    elif kind == "item":
        _look_at_item(record, dependencies, now)
    return True


def _look_at_smoke_test(record: Record, dependencies: Ending, now: float) -> None:
    """Step Functions ends one that waits for too long."""
    if found := find(record, dependencies.media):
        settle(found, dependencies, now)
        count("AnswersRecovered")
    elif not is_submitted(record) and (reason := _hopeless(record, dependencies, now)):
        fail_smoke_test(record, reason, dependencies)


def _look_at_item(waiting: Record, dependencies: Ending, now: float) -> None:
    """Of one whose batch was canceled the prediction is canceled, whose end answers its token; of others the end is told again."""
    prediction, batch = inference_id(waiting), dependencies.records.get(batch_record_key(waiting.data["batch"]))
    found = dependencies.records.get(prediction_key(prediction))
    if found is None and now - (waiting.expires_at - LONGEST_ITEM) < GRACE:
        return
    if found is not None and found.status in OPEN and batch is not None and batch.data["state"] == "canceled":
        end(found, lambda newest: canceled(newest, now), dependencies)
    settle_item(prediction, dependencies.records, dependencies.tokens)

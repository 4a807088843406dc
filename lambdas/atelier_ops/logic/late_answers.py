"""Answers whose notification is late or lost: they are looked for where SageMaker said it would write them."""

from collections.abc import Callable
from dataclasses import dataclass

from atelier_ops.gateways.inference import LONGEST_RUN, WAIT_IN_QUEUE
from atelier_ops.gateways.records import WAITING, Record, Records
from atelier_ops.gateways.storage import ObjectStore
from atelier_ops.logic import smoke
from atelier_ops.logic.notification import Outcome
from atelier_ops.logic.results import OPEN, Dependencies, end, failed, settle, settle_prediction
from atelier_ops.logic.timestamps import seconds
from atelier_ops.observability import count
from contracts.layout import S3Uri

LATE = 60
"""Seconds without a notification after which somebody looks in S3: a notification takes about one."""

LATEST_ANSWER = WAIT_IN_QUEUE + LONGEST_RUN + 300
"""Seconds after which an answer cannot come any more."""

NO_ANSWER = "no answer came: the request expired in the queue"


def look_again(record: Record, records: Records, media: ObjectStore, now: float) -> Record:
    """The prediction as it is now: settled where its answer lies in S3, failed where none can come any more."""
    age = now - seconds(record.data["created_at"])
    if record.status not in OPEN or age < LATE:
        return record
    found = find(record.data["id"], record, media)
    if found is not None:
        settle_prediction(found.outcome, records, media, min(found.written, now))
        count("AnswersRecovered")
    elif age > LATEST_ANSWER:
        end(failed(record, NO_ANSWER, now), records)
    return records.get(record.key) or record


@dataclass(frozen=True, kw_only=True)
class LateAnswer:
    """An answer that lay in S3, and when SageMaker wrote it, in seconds since 1970."""

    outcome: Outcome
    written: float


def find(inference_id: str, record: Record, media: ObjectStore) -> LateAnswer | None:
    """What lies where the record says that the answer will be; None while nothing does."""
    places = record.data.get("answer", {})
    for name in ("output", "failure"):
        where = S3Uri.parse(places[name]) if places.get(name) else None
        stored = media.uploaded(where.key) if where and where.bucket == media.bucket else None
        if where and stored:
            outcome = (
                Outcome(inference_id=inference_id, succeeded=True, output=where)
                if name == "output"
                else Outcome(inference_id=inference_id, succeeded=False, failure=where)
            )
            return LateAnswer(outcome=outcome, written=stored.written)
    return None


def reconcile(dependencies: Dependencies, keep_seconds: int, now: float, goes_on: Callable[[], bool]) -> int:
    """Settle every prediction and smoke test whose answer is late and nobody asked about; says how many were looked at.

    ``keep_seconds`` is how long a prediction is kept, from which its record's expiry tells its age. Ends early where ``goes_on`` says no.
    """
    looked = 0
    for status, lifetime in (*((status, keep_seconds) for status in OPEN), (WAITING, smoke.LONGEST_TEST)):
        for key in dependencies.records.expiring(status, int(now) + lifetime - LATE):
            if not goes_on():
                return looked
            record = dependencies.records.get(key)
            if record is not None and record.status == status:
                _look(record, dependencies, now)
                looked += 1
    return looked


def _look(record: Record, dependencies: Dependencies, now: float) -> None:
    kind, _, inference_id = record.key.partition("#")
    if kind == "prediction":
        look_again(record, dependencies.records, dependencies.media, now)
    elif kind == "smoke" and (found := find(inference_id, record, dependencies.media)):
        settle(found.outcome, dependencies, now)
        count("AnswersRecovered")

"""What a finished request changes: a prediction's record and pictures, or the run whose smoke test it was."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from atelier_ops.errors import EndpointUnavailableError, MissingObjectError
from atelier_ops.gateways.records import Record
from atelier_ops.gateways.storage import ObjectStore, read_json
from atelier_ops.gateways.workflow import Tokens
from atelier_ops.logic import smoke
from atelier_ops.logic.logs import note_line
from atelier_ops.logic.notification import Outcome, is_of_server, model_message
from atelier_ops.logic.picture import decode_picture
from atelier_ops.logic.submission import OPEN, Queueing, attempts, drop_request, hand_over, inference_id
from atelier_ops.logic.timestamps import rfc3339, seconds
from atelier_ops.observability import count, logger, measure_queue
from contracts.errors import InvalidInputError
from contracts.layout import S3Uri, output_key
from contracts.prediction import PredictionOutput

MOST_FAILURES = 2
"""Failures on the server's side after which a request has failed: it is submitted once more after the first."""


@dataclass(frozen=True, kw_only=True)
class Dependencies(Queueing):
    """What settling needs."""

    tokens: Tokens


def prediction_key(prediction: str) -> str:
    """Where a prediction's record lies."""
    return f"prediction#{prediction}"


def settle(outcome: Outcome, dependencies: Dependencies, now: float) -> str:
    """Pass the outcome to the prediction or the run that waits for it. A repeated or late one changes nothing."""
    if outcome.inference_id.startswith(smoke.PREFIX):
        return _settle_smoke(outcome, dependencies, now)
    return settle_prediction(outcome, dependencies, now)


def _settle_smoke(outcome: Outcome, dependencies: Dependencies, now: float) -> str:
    record = dependencies.records.get(smoke.smoke_key(outcome.inference_id))
    if record is None:
        return f"{outcome.inference_id}: no run waits for it"
    if not _is_of_newest_attempt(outcome, record):
        return f"{outcome.inference_id}: {EARLIER}"
    try:
        verdict = smoke.judge_answer(_answer(outcome, dependencies.media))
    except REFUSED as error:
        if _may_go_well(error, record):
            return f"{outcome.inference_id}: {_resubmit(record, dependencies, now)}"
        return fail_smoke_test(record, str(error), dependencies)
    return _told(record, dependencies.tokens.succeed(record.data["token"], verdict), dependencies)


def fail_smoke_test(record: Record, reason: str, dependencies: Dependencies) -> str:
    """Let the run that waits fail for ``reason``; says what that did."""
    return _told(record, dependencies.tokens.fail(record.data["token"], smoke.FAILED, reason), dependencies)


def _told(record: Record, reached: bool, dependencies: Dependencies) -> str:
    dependencies.records.remove(record)
    drop_request(record, dependencies)
    return f"{inference_id(record)}: run {record.data['execution']} {'goes on' if reached else 'no longer waits'}"


def settle_prediction(outcome: Outcome, dependencies: Queueing, now: float) -> str:
    """Store the pictures and end the prediction's record, or submit it once more; says what it did."""
    record, name = dependencies.records.get(prediction_key(outcome.inference_id)), outcome.inference_id
    if record is None or record.status not in OPEN:
        return f"{name}: {record.status if record else 'unknown'}, nothing to change"
    if not _is_of_newest_attempt(outcome, record):
        return f"{name}: {EARLIER}"
    ended_at = now if outcome.written is None else min(outcome.written, now)
    try:
        answer = PredictionOutput.from_json(_answer(outcome, dependencies.media))
        outputs = _store(name, answer, dependencies.media)
    except REFUSED as error:
        if _may_go_well(error, record):
            return f"{name}: {_resubmit(record, dependencies, now)}"
        reason = str(error)
        ended = end(record, lambda newest: failed(newest, reason, ended_at), dependencies)
    else:
        ended = end(record, lambda newest: _succeeded(newest, answer, outputs, ended_at), dependencies)
    return f"{name}: {ended.status if ended else 'settled by another notification'}"


def end(record: Record, finish: Callable[[Record], Record | None], dependencies: Queueing) -> Record | None:
    """Store what ``finish`` makes of a prediction that is still open, once, and drop its request; None where that was done already."""
    stored = dependencies.records.change(record, lambda newest: finish(newest) if newest.status in OPEN else None)
    if stored is not None:
        drop_request(stored, dependencies)
        _measure(stored)
    return stored


def _is_of_newest_attempt(outcome: Outcome, record: Record) -> bool:
    """Whether the outcome says something of the attempt under way. A success is one of any attempt."""
    answer = record.data.get("answer", {})
    return outcome.succeeded or attempts(record) <= 1 or str(outcome.failure) == answer.get("failure")


def _may_go_well(error: Exception, record: Record) -> bool:
    """Whether another attempt may have another end."""
    return isinstance(error, ModelError) and error.of_server and attempts(record) < MOST_FAILURES


def _resubmit(record: Record, dependencies: Queueing, now: float) -> str:
    try:
        mine = hand_over(record, dependencies, now)
    except EndpointUnavailableError as error:
        return f"failed on the server's side, and is not submitted again yet: {error}"
    if mine:
        count("RequestsResubmitted")
    return "failed on the server's side, " + ("submitted once more" if mine else "and somebody else sees to it")


def _measure(ended: Record) -> None:
    if ended.status == "failed":
        count("PredictionsFailed")
    elif ended.status == "canceled":
        count("PredictionsCanceled")
    else:
        count("PredictionsSucceeded")
        measure_queue(max(0.0, seconds(ended.data["started_at"]) - seconds(ended.data["created_at"])))


class ModelError(RuntimeError):
    """The model server refused a request or broke on it; the text is its own. ``of_server``: the request is not at fault."""

    def __init__(self, text: str, *, of_server: bool) -> None:
        super().__init__(text)
        self.of_server = of_server


REFUSED = (InvalidInputError, MissingObjectError, ModelError)
"""What is wrong with an answer."""

EARLIER = "an earlier attempt failed, which changes nothing"


def _answer(outcome: Outcome, media: ObjectStore) -> Any:
    """The response body. Raises ModelError where the request failed."""
    if not outcome.succeeded or outcome.output is None:
        raise _failure(outcome, media)
    return read_json(media, _own_key(outcome.output, media))


def _failure(outcome: Outcome, media: ObjectStore) -> ModelError:
    text = ""
    if outcome.failure is not None:
        try:
            text = media.read(_own_key(outcome.failure, media)).decode("utf-8", "replace")
        except MissingObjectError:
            logger.warning("failure file is gone, using the notification's own reason", key=outcome.failure.key)
    words = model_message(text or outcome.reason)[:2_000] or "the model server gave no reason"
    return ModelError(words, of_server=is_of_server(outcome.reason, text))


def _own_key(address: S3Uri, media: ObjectStore) -> str:
    if address.bucket != media.bucket:
        raise InvalidInputError("response location", got=str(address), allowed=f"s3://{media.bucket}/…")
    return address.key


def _store(prediction: str, answer: PredictionOutput, media: ObjectStore) -> list[str]:
    """Write each picture as a file of its own, the mask last where one was asked for; their keys."""
    pictures = [*answer.images, *([answer.mask] if answer.mask else [])]
    return [_write(prediction, index, picture, media) for index, picture in enumerate(pictures)]


def _write(prediction: str, index: int, picture: str, media: ObjectStore) -> str:
    body, kind = decode_picture(f"picture {index} of the answer", picture)
    key = output_key(prediction, index, "jpg" if kind == "jpeg" else kind)
    media.write(key, body, f"image/{kind}")
    return key


def _succeeded(record: Record, answer: PredictionOutput, outputs: list[str], now: float) -> Record:
    total = answer.seconds.get("total", sum(answer.seconds.values()))
    notes = {"seed": answer.seed, "model": answer.model, "adapter": answer.adapter, "seconds": answer.seconds}
    stages = (f"{stage}: {duration:.3f} s\n" for stage, duration in answer.seconds.items())
    logs = "".join([*map(note_line, answer.notes), *stages])
    finished = _finished(record, "succeeded", now, total, {"outputs": outputs, "notes": notes, "logs": logs})
    metrics = {**finished.data["metrics"], **answer.metrics}
    return replace(finished, data={**finished.data, "metrics": metrics})


def failed(record: Record, reason: str, now: float) -> Record:
    """The record of a prediction that failed for ``reason``."""
    return _finished(record, "failed", now, None, {"error": reason})


def _finished(
    record: Record, status: str, now: float, predict_seconds: float | None, changes: Mapping[str, Any]
) -> Record:
    metrics = {"total_time": round(max(0.0, now - seconds(record.data["created_at"])), 3)}
    if predict_seconds is not None:
        metrics["predict_time"] = round(predict_seconds, 3)
    # Whatever the server says that it took, it did not begin before it was asked.
    started = max(now - max(predict_seconds or 0.0, 0.0), min(seconds(record.data["created_at"]), now))
    times = {"completed_at": rfc3339(now), "started_at": rfc3339(started)}
    return replace(record, status=status, data={**record.data, **times, "metrics": metrics, **changes})

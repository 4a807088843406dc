"""What a finished request changes: a prediction's record and pictures, or the run whose smoke test it was."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from atelier_ops.errors import MissingObjectError
from atelier_ops.gateways.records import Record, Records
from atelier_ops.gateways.storage import ObjectStore, read_json
from atelier_ops.gateways.workflow import Tokens
from atelier_ops.logic import smoke
from atelier_ops.logic.logs import note_line
from atelier_ops.logic.notification import Outcome, model_message
from atelier_ops.logic.picture import decode_picture
from atelier_ops.logic.timestamps import rfc3339, seconds
from atelier_ops.observability import count, logger, measure_queue
from contracts.errors import InvalidInputError
from contracts.layout import S3Uri, output_key
from contracts.prediction import PredictionOutput

OPEN = ("starting", "processing")
"""Statuses a prediction can still leave."""


@dataclass(frozen=True, kw_only=True)
class Dependencies:
    """What settling needs."""

    records: Records
    media: ObjectStore
    tokens: Tokens


def prediction_key(prediction: str) -> str:
    """Where a prediction's record lies."""
    return f"prediction#{prediction}"


def settle(outcome: Outcome, dependencies: Dependencies, now: float) -> str:
    """Pass the outcome to the prediction or the run that waits for it. A repeated or late one changes nothing."""
    if outcome.inference_id.startswith(smoke.PREFIX):
        return _settle_smoke(outcome, dependencies)
    return settle_prediction(outcome, dependencies.records, dependencies.media, now)


def _settle_smoke(outcome: Outcome, dependencies: Dependencies) -> str:
    record = dependencies.records.get(smoke.smoke_key(outcome.inference_id))
    if record is None:
        return f"{outcome.inference_id}: no run waits for it"
    token = record.data["token"]
    try:
        reached = dependencies.tokens.succeed(token, smoke.judge_answer(_answer(outcome, dependencies.media)))
    except (InvalidInputError, MissingObjectError, ModelError) as error:
        reached = dependencies.tokens.fail(token, smoke.FAILED, str(error))
    dependencies.records.remove(record.key)
    return f"{outcome.inference_id}: run {record.data['execution']} {'goes on' if reached else 'no longer waits'}"


def settle_prediction(outcome: Outcome, records: Records, media: ObjectStore, now: float) -> str:
    """Store the pictures and end the prediction's record; says what it did."""
    record = records.get(prediction_key(outcome.inference_id))
    if record is None or record.status not in OPEN:
        return f"{outcome.inference_id}: {record.status if record else 'unknown'}, nothing to change"
    try:
        answer = PredictionOutput.from_json(_answer(outcome, media))
        finished = _succeeded(record, answer, _store(outcome.inference_id, answer, media), now)
    except (InvalidInputError, MissingObjectError, ModelError) as error:
        finished = failed(record, str(error), now)
    return f"{outcome.inference_id}: {finished.status if end(finished, records) else 'settled by another notification'}"


def end(finished: Record, records: Records) -> bool:
    """Store the record of a prediction that has ended, once; says whether it did."""
    stored = records.replace(finished, while_status=OPEN)
    if stored:
        _measure(finished)
    return stored


def _measure(finished: Record) -> None:
    if finished.status == "failed":
        count("PredictionsFailed")
        return
    count("PredictionsSucceeded")
    measure_queue(max(0.0, seconds(finished.data["started_at"]) - seconds(finished.data["created_at"])))


class ModelError(RuntimeError):
    """The model server refused a request or broke on it; the text is its own."""


def _answer(outcome: Outcome, media: ObjectStore) -> Any:
    """The response body. Raises ModelError where the request failed."""
    if not outcome.succeeded or outcome.output is None:
        raise ModelError(_reason(outcome, media))
    return read_json(media, _own_key(outcome.output, media))


def _reason(outcome: Outcome, media: ObjectStore) -> str:
    text = outcome.reason
    if outcome.failure is not None:
        try:
            text = media.read(_own_key(outcome.failure, media)).decode("utf-8", "replace") or text
        except MissingObjectError:
            logger.warning("failure file is gone, using the notification's own reason", key=outcome.failure.key)
    return model_message(text)[:2_000] or "the model server gave no reason"


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
    times = {"completed_at": rfc3339(now), "started_at": rfc3339(now - (predict_seconds or 0.0))}
    return replace(record, status=status, data={**record.data, **times, "metrics": metrics, **changes})

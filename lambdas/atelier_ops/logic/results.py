"""What a finished request changes: a prediction's record and pictures, or the run whose smoke test it was."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from atelier_ops.errors import EndpointUnavailableError, MissingObjectError
from atelier_ops.gateways.records import Record, Records
from atelier_ops.gateways.storage import ObjectStore, parse_json
from atelier_ops.logic import smoke
from atelier_ops.logic.answer_text import StoredAnswer
from atelier_ops.logic.batches.items import tell_item
from atelier_ops.logic.deletion import drop_answers, erase
from atelier_ops.logic.logs import note_line
from atelier_ops.logic.model_answer import ModelError, read_answer
from atelier_ops.logic.notification import Outcome
from atelier_ops.logic.picture import decode_picture
from atelier_ops.logic.submission import OPEN, Ending, Queueing, attempts, drop_request, hand_over, inference_id
from atelier_ops.logic.timestamps import rfc3339, seconds
from atelier_ops.logic.wakes import note_wake
from atelier_ops.logic.webhook_news import announce
from atelier_ops.observability import count, measure_queue
from contracts.errors import InvalidInputError
from contracts.layout import PREDICTION_ID, found_mask_key, output_key, request_key
from contracts.modes import MODES
from contracts.prediction import PredictionOutput

LONGEST_REASON = 2_000
LONGEST_LOGS = 20_000
"""Characters that a record keeps; DynamoDB takes 400 KB of an item."""

MOST_FAILURES = 2
"""Failures on the server's side after which a request has failed: it is submitted once more after the first."""


def prediction_key(prediction: str) -> str:
    """Where a prediction's record lies."""
    return f"prediction#{prediction}"


def settle(outcome: Outcome, dependencies: Ending, now: float) -> str:
    """Pass the outcome to the prediction or the run that waits for it. A repeated or late one changes nothing."""
    if outcome.inference_id.startswith(smoke.PREFIX):
        said = _settle_smoke(outcome, dependencies, now)
        # Nobody reads it again, and what a style has painted may show whom it was learnt from.
        drop_answers(filter(None, (outcome.output, outcome.failure)), dependencies.media)
        return said
    return settle_prediction(outcome, dependencies, now)


def _settle_smoke(outcome: Outcome, dependencies: Ending, now: float) -> str:
    record = dependencies.records.get(smoke.smoke_key(outcome.inference_id))
    if record is None:
        return f"{outcome.inference_id}: no run waits for it"
    if not _is_of_newest_attempt(outcome, record):
        return f"{outcome.inference_id}: {EARLIER}"
    try:
        verdict = smoke.judge_answer(parse_json(*read_answer(outcome, dependencies.media)))
    except REFUSED as error:
        if _may_go_well(error, record):
            return f"{outcome.inference_id}: {_resubmit(record, dependencies, now)}"
        return fail_smoke_test(record, str(error), dependencies)
    return _told(record, dependencies.tokens.succeed(record.data["token"], verdict), dependencies)


def fail_smoke_test(record: Record, reason: str, dependencies: Ending) -> str:
    """Let the run that waits fail for ``reason``; says what that did."""
    return _told(record, dependencies.tokens.fail(record.data["token"], smoke.FAILED, reason), dependencies)


def _told(record: Record, reached: bool, dependencies: Ending) -> str:
    dependencies.records.remove(record)
    drop_request(record, dependencies)
    return f"{inference_id(record)}: run {record.data['execution']} {'goes on' if reached else 'no longer waits'}"


def settle_prediction(outcome: Outcome, dependencies: Ending, now: float) -> str:
    """Store the pictures and end the prediction's record, or submit it once more; says what it did."""
    record, name = dependencies.records.get(prediction_key(outcome.inference_id)), outcome.inference_id
    if record is None or record.status not in OPEN:
        return f"{name}: {_tidy(outcome, record, dependencies)}, nothing to change"
    if not _is_of_newest_attempt(outcome, record):
        return f"{name}: {EARLIER}"
    ended_at = now if outcome.written is None else min(outcome.written, now)
    finish: Callable[[Record], Record]
    try:
        answer = StoredAnswer(*read_answer(outcome, dependencies.media))
        outputs = _store(name, record, answer, dependencies.media)
        finish = partial(_succeeded, answer=answer.output, outputs=outputs, now=ended_at)
    except REFUSED as error:
        if _may_go_well(error, record):
            return f"{name}: {_resubmit(record, dependencies, now)}"
        finish = partial(failed, reason=str(error), now=ended_at)
    ended = end(
        record,
        lambda newest: _located(finish(newest), outcome) if _is_of_newest_attempt(outcome, newest) else None,
        dependencies,
    )
    if ended is None:
        return f"{name}: {_tidy(outcome, dependencies.records.get(record.key), dependencies)} meanwhile"
    if ended.data.get("woke") and ended.status == "succeeded":
        _measure_wake(ended, dependencies.records, now)
    return f"{name}: {ended.status}"


def _measure_wake(ended: Record, records: Records, now: float) -> None:
    """Learn from a prediction whose request woke its endpoint, unless it was handed over more than once: then it waited for that, too."""
    if attempts(ended) == 1:
        waited = seconds(ended.data["started_at"]) - seconds(ended.data["created_at"])
        note_wake(ended, records, seconds=waited, work=ended.data["metrics"]["predict_time"], now=now)


def _tidy(outcome: Outcome, record: Record | None, dependencies: Queueing) -> str:
    """Remove what a prediction that has ended, or was deleted, leaves where somebody came between or broke off; how it is now."""
    name, media = outcome.inference_id, dependencies.media
    status = record.status if record else "deleted" if re.fullmatch(PREDICTION_ID, name) else "unknown"
    if status in (*OPEN, "unknown"):
        return status
    if status == "succeeded":
        media.delete(request_key(name))
    else:
        places = (outcome.output, outcome.failure) if status == "deleted" else ()
        erase(name, filter(None, places), media)
    return status


def _located(ended: Record, outcome: Outcome) -> Record:
    """The record with where its answer lies, for whoever deletes it: that of a request that may not have been queued does not say yet."""
    places = {"output": str(outcome.output or ""), "failure": str(outcome.failure or "")}
    return replace(ended, data={"answer": places, **ended.data})


def end(record: Record, finish: Callable[[Record], Record | None], dependencies: Ending) -> Record | None:
    """Store what ``finish`` makes of a prediction that is still open, once, and drop its request; None where that was done already."""
    stored = dependencies.records.change(record, lambda newest: finish(newest) if newest.status in OPEN else None)
    if stored is not None:
        drop_request(stored, dependencies)
        announce(stored.data.get("webhook", ""), dependencies.due)
        tell_item(stored, dependencies)
        _measure(stored)
    return stored


def _is_of_newest_attempt(outcome: Outcome, record: Record) -> bool:
    """Whether the outcome says something of the attempt under way. A success is one of any attempt.

    Where the record says where the answers of all its attempts will lie, one that lies elsewhere is not its own: its id may have been
    another prediction's, which was deleted.
    """
    newest = record.data.get("answer", {})
    every = [*([newest] if newest else []), *record.data.get("earlier", [])]
    if outcome.succeeded:
        return len(every) < max(1, attempts(record)) or str(outcome.output) in [places["output"] for places in every]
    if attempts(record) <= 1 and (not newest or outcome.failure is None):
        return True
    return bool(str(outcome.failure) == newest.get("failure"))


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


REFUSED = (InvalidInputError, MissingObjectError, ModelError)
"""What is wrong with an answer."""

EARLIER = "that was an earlier attempt, which changes nothing"


def _store(prediction: str, record: Record, answer: StoredAnswer, media: ObjectStore) -> list[str]:
    """Write each picture as a file of its own, the mask last where one was asked for; their keys."""
    pictures = answer.pictures()
    painted = 0 if record.data.get("input", {}).get("mode") == "segment" else len(answer.output.images)
    places = [output_key] * painted + [found_mask_key] * (len(pictures) - painted)
    return [
        _write(partial(place, prediction, index), f"picture {index} of the answer", picture, media)
        for index, (place, picture) in enumerate(zip(places, pictures, strict=True))
    ]


def _write(key_of: Callable[[str], str], name: str, picture: str | memoryview, media: ObjectStore) -> str:
    body, kind = decode_picture(name, picture)
    key = key_of("jpg" if kind == "jpeg" else kind)
    media.write(key, body, f"image/{kind}")
    return key


def _succeeded(record: Record, answer: PredictionOutput, outputs: list[str], now: float) -> Record:
    total = answer.seconds.get("total", sum(answer.seconds.values()))
    notes = {
        "seed": answer.seed,
        "model": answer.model,
        "adapter": answer.adapter,
        "second_adapter": answer.second_adapter,
        "seconds": answer.seconds,
    }
    stages = (f"{stage}: {duration:.3f} s\n" for stage, duration in answer.seconds.items())
    logs = "".join([*map(note_line, answer.notes), *_drawn(record, answer), *stages])
    finished = _finished(
        record, "succeeded", now, total, {"outputs": outputs, "notes": notes, "logs": logs[:LONGEST_LOGS]}
    )
    metrics = {**finished.data["metrics"], **answer.metrics.to_json()}
    return replace(finished, data={**finished.data, "metrics": metrics})


def _drawn(record: Record, answer: PredictionOutput) -> list[str]:
    """What makes the pictures again, also where the request left it to chance: in the words of Replicate's models."""
    mode = record.data.get("input", {}).get("mode", "style")
    return [f"Using seed: {answer.seed}\n"] if "seed" in MODES[mode].uses else []


def failed(record: Record, reason: str, now: float) -> Record:
    """The record of a prediction that failed for ``reason``."""
    return _finished(record, "failed", now, None, {"error": reason[:LONGEST_REASON]})


def canceled(record: Record, now: float) -> Record:
    """The record of a prediction that its client canceled."""
    data = {**record.data, "completed_at": rfc3339(now), "logs": "canceled by the client\n"}
    return replace(record, status="canceled", data=data)


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

"""Predictions that are waited for, for APIs that answer a request with its pictures."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from atelier_ops.gateways.records import Record
from atelier_ops.logic import predictions
from atelier_ops.logic.http import Dependencies, ProblemError, Request
from atelier_ops.logic.results import prediction_key
from atelier_ops.logic.submission import OPEN
from contracts.answer_size import check_answer
from contracts.errors import InvalidInputError
from contracts.openai import MOST_INLINE_PIXELS
from contracts.prediction import PredictionInput

SECONDS_TO_RETRY = 30
"""OpenAI's clients wait as long as they are told, up to a minute, and ask again twice."""

MOST_BYTES = 4_200_000
"""Bytes of pictures that an answer holds itself: in base64 a third more, of the 6 MB that a Lambda may give."""

_HANDED_OUT = "handed_out"
_RETRY = "x-stainless-retry-count"


def paint(
    request: Request,
    said: Any,
    translated: Mapping[str, Any],
    dependencies: Dependencies,
    further: predictions.Further = lambda inputs, picture: None,
    *,
    called: Mapping[str, str],
) -> Record:
    """The prediction that answers a request that ``said`` this, in the words of our own: it has succeeded.

    ``called`` are the client's names of what has another one with us. Raises ProblemError, 503 while it is being painted, and
    InvalidInputError in the client's names.
    """
    keyed = _keyed(request, said, dependencies)
    try:
        record = _prediction(keyed, translated, dependencies, further)
    except InvalidInputError as error:
        raise error.in_names(called) from error
    if record.status in OPEN:
        words = "The pictures are being painted, or the endpoint wakes for them: send the same request again"
        raise ProblemError(503, words, headers={"Retry-After": str(SECONDS_TO_RETRY)})
    handed = dependencies.records.change(
        record, lambda newest: replace(newest, data={**newest.data, _HANDED_OUT: True})
    )
    if handed is None or handed.status != "succeeded":
        # Not 5xx: clients would send it again, and it would fail again.
        raise ProblemError(422, str(record.data.get("error") or f"the prediction was {record.status}"))
    return handed


def check_inline(
    inputs: PredictionInput, picture: tuple[int, int] | None, dependencies: Dependencies, *, what: str, instead: str
) -> None:
    """Raise InvalidInputError naming ``what`` where an answer may not hold the pictures; ``instead`` is what would help."""
    most = MOST_INLINE_PIXELS[inputs.output_format]
    try:
        check_answer(inputs, dependencies.pace.resolution, picture, most=most)
    except InvalidInputError as error:
        raise InvalidInputError(what, got=error.got, allowed=f"{error.allowed}, or {instead}") from error


def _prediction(
    keyed: Request, translated: Mapping[str, Any], dependencies: Dependencies, further: predictions.Further
) -> Record:
    """The prediction that answers the request, after a while: a new one, or the one that an earlier try of the same began."""
    shown = json.loads(predictions.create_of(translated, keyed, dependencies, further).body or "{}")
    record = dependencies.records.get(prediction_key(shown["id"]))
    if record is None:
        raise ProblemError(503, "The prediction was deleted meanwhile", headers={"Retry-After": "1"})
    return record


def _keyed(request: Request, said: Any, dependencies: Dependencies) -> Request:
    """The request with an Idempotency-Key, its own or one by which a repetition finds what was begun.

    Clients of such APIs send none, and send a request again that was answered with 503. So the key is made of what was said and a number:
    that of the newest prediction for it, until its pictures were handed out; then the next. A try that says that it is a repetition gets
    the newest in any case, whose answer may have been lost.
    """
    if own := request.idempotency_key():
        return _with_key(request, own)
    digest = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
    number = _count(lambda count: _record(request, digest, count, dependencies) is not None)
    newest = _record(request, digest, number - 1, dependencies) if number else None
    repeats = request.headers.get(_RETRY, "0") != "0"
    if newest is not None and (repeats or not newest.data.get(_HANDED_OUT)):
        number -= 1
    return _with_key(request, _key(digest, number))


def _key(digest: str, number: int) -> str:
    return f"waited {digest} {number}"


def _record(request: Request, digest: str, number: int, dependencies: Dependencies) -> Record | None:
    prediction = _with_key(request, _key(digest, number)).new_id("prediction")
    return dependencies.records.get(prediction_key(prediction))


def _count(there: Any) -> int:
    """How many of 0, 1, … are there, none after the first that is not: found in twice as many looks as the number has digits."""
    low, high = 0, 1
    while there(high - 1):
        low, high = high, 2 * high
    while low < high - 1:
        middle = (low + high) // 2
        low, high = (middle, high) if there(middle - 1) else (low, middle)
    return low


def _with_key(request: Request, key: str) -> Request:
    return request.with_headers({"Idempotency-Key": key, "Prefer": "wait"})

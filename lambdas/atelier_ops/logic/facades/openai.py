"""OpenAI's images: a prediction that is waited for, and its pictures in the answer."""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from aws_lambda_powertools.event_handler import Response

from atelier_ops.gateways.records import Record
from atelier_ops.logic import predictions
from atelier_ops.logic.http import Dependencies, ProblemError, Request, respond
from atelier_ops.logic.output_addresses import URL_SECONDS
from atelier_ops.logic.results import prediction_key
from atelier_ops.logic.submission import OPEN
from contracts.answer_size import check_answer
from contracts.errors import InvalidInputError
from contracts.openai import MOST_INLINE_PIXELS, ImageRequest
from contracts.prediction import PredictionInput
from contracts.requests import PredictionRequest

PREFIX = "/v1/images/"
SECONDS_TO_RETRY = 30
"""OpenAI's clients wait as long as they are told, up to a minute, and ask again twice."""

MOST_BYTES = 4_200_000
"""Bytes of pictures that an answer holds itself: in base64 a third more, of the 6 MB that a Lambda may give."""

_HANDED_OUT = "handed_out"
_RETRY = "x-stainless-retry-count"


def generate(request: Request, dependencies: Dependencies) -> Response[str]:
    """200 with pictures. Raises ProblemError, 503 while they are being painted, and InvalidInputError."""
    body = request.read_json()
    asked = ImageRequest.from_json(body)
    translated = _translated(asked)
    inputs = PredictionRequest.from_json(translated).input
    if asked.response_format == "b64_json":
        _check_size(inputs, dependencies)
    record = _prediction(request, body, translated, dependencies)
    if record.status in OPEN:
        words = "The pictures are being painted, or the endpoint wakes for them: send the same request again"
        raise ProblemError(503, words, headers={"Retry-After": str(SECONDS_TO_RETRY)})
    handed = dependencies.records.change(
        record, lambda newest: replace(newest, data={**newest.data, _HANDED_OUT: True})
    )
    if handed is None or handed.status != "succeeded":
        # Not 5xx: clients would send it again, and it would fail again.
        raise ProblemError(422, str(record.data.get("error") or f"the prediction was {record.status}"))
    return respond(200, _pictures(handed, asked, dependencies))


def _translated(asked: ImageRequest) -> dict[str, Any]:
    sides = dict(zip(("width", "height"), asked.sides or (), strict=False))
    inputs = {"mode": "text_to_image", "prompt": asked.prompt, "num_outputs": asked.n, **sides}
    return {"version": asked.model, "input": {**inputs, "output_format": asked.output_format}}


def _check_size(inputs: PredictionInput, dependencies: Dependencies) -> None:
    """Raises InvalidInputError where an answer may not hold the pictures, before anything is painted."""
    try:
        check_answer(inputs, dependencies.pace.resolution, None, most=MOST_INLINE_PIXELS[inputs.output_format])
    except InvalidInputError as error:
        allowed = f'{error.allowed}, or "response_format": "url"'
        raise InvalidInputError("n", got=inputs.num_outputs, allowed=allowed) from error


def _prediction(request: Request, body: Any, translated: Mapping[str, Any], dependencies: Dependencies) -> Record:
    """The prediction that answers the request, after a while: a new one, or the one that an earlier try of the same began."""
    keyed = _keyed(request, body, dependencies)
    shown = json.loads(predictions.create_of(translated, keyed, dependencies).body or "{}")
    record = dependencies.records.get(prediction_key(shown["id"]))
    if record is None:
        raise ProblemError(503, "The prediction was deleted meanwhile", headers={"Retry-After": "1"})
    return record


def _keyed(request: Request, body: Any, dependencies: Dependencies) -> Request:
    """The request with an Idempotency-Key, its own or one by which a repetition finds what was begun.

    OpenAI's clients send none, and send a request again that was answered with 503. So the key is made of the body and a number: that of
    the newest prediction for this body, until its pictures were handed out; then the next. A try that says that it is a repetition gets
    the newest in any case, whose answer may have been lost.
    """
    if request.is_repeatable:
        return _with_key(request, request.headers["idempotency-key"])
    digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
    number = _count(lambda count: _record(request, digest, count, dependencies) is not None)
    newest = _record(request, digest, number - 1, dependencies) if number else None
    repeats = request.headers.get(_RETRY, "0") != "0"
    if newest is not None and (repeats or not newest.data.get(_HANDED_OUT)):
        number -= 1
    return _with_key(request, _key(digest, number))


def _key(digest: str, number: int) -> str:
    return f"openai {digest} {number}"


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


def _pictures(record: Record, asked: ImageRequest, dependencies: Dependencies) -> dict[str, Any]:
    media, keys = dependencies.media, record.data["outputs"]
    inline = asked.response_format == "b64_json"
    bodies = [media.read(key) for key in keys] if inline else []
    if sum(map(len, bodies)) > MOST_BYTES:  # larger than any of so many pixels should be: they are not lost
        bodies = []
    data: list[dict[str, Any]]
    if bodies:
        data = [{"b64_json": base64.b64encode(body).decode(), "url": None, "revised_prompt": None} for body in bodies]
    else:
        data = [{"b64_json": None, "url": media.get_url(key, URL_SECONDS), "revised_prompt": None} for key in keys]
    return {"created": int(dependencies.now), "output_format": asked.output_format, "data": data}


def error_response(error: ProblemError, detail: str) -> Response[str]:
    """An error as OpenAI's clients read it; ``detail`` is what may be said."""
    ours = error.status >= 500
    body = {
        "message": detail,
        "type": "server_error" if ours else "invalid_request_error",
        "param": error.extra.get("what"),
        "code": None,
    }
    return respond(error.status, {"error": body}, error.headers)

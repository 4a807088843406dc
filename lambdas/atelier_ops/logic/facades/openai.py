"""OpenAI's images and models: a prediction that is waited for, and its pictures in the answer."""

import base64
import hashlib
import re
from collections.abc import Sequence
from typing import Any

from aws_lambda_powertools.event_handler import Response

from atelier_ops.gateways.records import Record
from atelier_ops.logic.facades.awaited import MOST_BYTES, check_inline, paint
from atelier_ops.logic.http import Dependencies, ProblemError, Request, respond
from atelier_ops.logic.output_addresses import URL_SECONDS, require_kept
from contracts.openai import CALLED, ImageEditForm, ImageRequest, WantedPictures, edit_fields
from contracts.prediction import PredictionInput

_INSTEAD = '"response_format": "url"'


def generate(request: Request, dependencies: Dependencies) -> Response[str]:
    """200 with pictures. Raises ProblemError, 503 while they are being painted, and InvalidInputError."""
    body = request.read_json()
    asked = ImageRequest.from_json(body)
    return _answered(request, body, asked, dependencies)


def edit(request: Request, dependencies: Dependencies) -> Response[str]:
    """200 with the picture, repainted. Raises ProblemError, 503 while it is being painted, and InvalidInputError."""
    fields = edit_fields(request.read_form())
    asked = ImageEditForm.from_json(fields)
    said = {name: _noted(value) for name, value in fields.items()}
    return _answered(request, said, asked, dependencies)


def _answered(request: Request, said: Any, asked: WantedPictures, dependencies: Dependencies) -> Response[str]:
    def check(inputs: PredictionInput, picture: tuple[int, int] | None) -> None:
        asked.check_size(picture)
        if asked.response_format == "b64_json":
            check_inline(inputs, picture, dependencies, what="n", instead=_INSTEAD)

    translated = {"version": asked.model, "input": asked.inputs()}
    record = paint(request, said, translated, dependencies, check, called=CALLED)
    return respond(200, _pictures(record, asked, dependencies))


def _pictures(record: Record, asked: WantedPictures, dependencies: Dependencies) -> dict[str, Any]:
    require_kept(record, dependencies)
    media, keys = dependencies.media, record.data["outputs"]
    inline = asked.response_format == "b64_json"
    bodies: Sequence[bytes] = [media.read(key) for key in keys] if inline else []
    if sum(map(len, bodies)) > MOST_BYTES:  # larger than any of so many pixels should be: they are not lost
        bodies = []
    data: list[dict[str, Any]]
    if bodies:
        data = [{"b64_json": _base64(body), "url": None, "revised_prompt": None} for body in bodies]
    else:
        data = [{"b64_json": None, "url": media.get_url(key, URL_SECONDS), "revised_prompt": None} for key in keys]
    return {"created": int(dependencies.now), "output_format": asked.output_format, "data": data}


def _noted(value: str | bytes) -> str:
    """What tells one field from another, whose file may be megabytes long."""
    return value if isinstance(value, str) else hashlib.sha256(value).hexdigest()


def _base64(body: bytes) -> str:
    return base64.b64encode(body).decode()


def error_response(error: ProblemError, detail: str) -> Response[str]:
    """An error as OpenAI's clients read it; ``detail`` is what may be said."""
    return respond(error.status, {"error": error_object(error, detail)}, error.headers)


def error_object(error: ProblemError, detail: str) -> dict[str, Any]:
    """The part of it that they read."""
    ours = error.status >= 500
    return {
        "message": detail,
        "type": "server_error" if ours else "invalid_request_error",
        "param": error.extra.get("what"),
        "code": "content_policy_violation" if error.extra.get("reason") else None,
    }


def is_asked_by(request: Request) -> bool:
    """Whether one of OpenAI's clients asks, on whatever route: ``OpenAI/Python 2.1``, ``AsyncOpenAI/Python 2.1``, ``OpenAI/JS 5.0``."""
    return re.match(r"(Async)?OpenAI/", request.headers.get("user-agent", "")) is not None

"""Stability's search and replace: a prediction in mode style that is waited for, and its picture as the answer."""

import base64
import hashlib
from functools import partial
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import Response

from atelier_ops.gateways.records import Record
from atelier_ops.logic.facades.awaited import MOST_BYTES, check_inline, paint
from atelier_ops.logic.http import Dependencies, ProblemError, Request, respond
from atelier_ops.logic.output_addresses import require_kept
from contracts.forms import read_fields
from contracts.stability import CALLED, SearchAndReplaceForm

_ELSEWHERE = "POST /v1/predictions, which answers with the picture's address"
_MODERATED = "content_moderation"
"""What Stability calls a request that its own gate refuses, which it answers 403."""
_SUCCESS = "SUCCESS"


def search_and_replace(request: Request, dependencies: Dependencies) -> Response[Any]:
    """200 with the picture. Raises ProblemError, 503 while it is being painted, and InvalidInputError."""
    fields = read_fields(request.read_form(), SearchAndReplaceForm)
    asked = SearchAndReplaceForm.from_json(fields)
    translated = {"version": asked.version, "input": asked.inputs()}
    said = {
        name: value if isinstance(value, str) else hashlib.sha256(value).hexdigest() for name, value in fields.items()
    }
    fits = partial(
        check_inline, dependencies=dependencies, what="image", instead=f"output_format jpeg, or {_ELSEWHERE}"
    )
    record = paint(request, {"api": "stability", **said}, translated, dependencies, fits, called=CALLED)
    return _answered(record, asked, request, dependencies)


def _answered(
    record: Record, asked: SearchAndReplaceForm, request: Request, dependencies: Dependencies
) -> Response[Any]:
    require_kept(record, dependencies)
    body, seed = dependencies.media.read(record.data["outputs"][0]), record.data["notes"]["seed"]
    if len(body) > MOST_BYTES:  # larger than any of so many pixels should be: it is not lost
        allowed = f"{MOST_BYTES} bytes; GET /v1/predictions/{record.data['id']} has its address"
        raise ProblemError(422, f"image: got {len(body)} bytes of the picture that was painted; allowed: {allowed}")
    if not _wants_bytes(request):
        picture = {"image": base64.b64encode(body).decode(), "seed": seed, "finish_reason": _SUCCESS}
        return respond(200, picture)
    headers = {"Cache-Control": "no-store", "finish-reason": _SUCCESS, "seed": str(seed)}
    return Response(200, f"image/{asked.output_format}", body, headers)


def _wants_bytes(request: Request) -> bool:
    """Whether API Gateway hands the client bytes: it looks at the first media type of Accept, and no further.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/lambda-proxy-binary-media.html
    """
    first = str(request.headers.get("accept", "")).partition(",")[0]
    return first.partition(";")[0].strip().lower().startswith("image/")


def error_response(error: ProblemError, request: Request) -> Response[str]:
    """An error as Stability's callers read it."""
    listed = [
        f"{each['what']}: got {each['got']}; allowed: {each['allowed']}" for each in error.extra.get("errors", [])
    ]
    refused = bool(error.extra.get("reason"))
    body = {
        "id": str(request.request_context.request_id or ""),
        "name": _MODERATED if refused else HTTPStatus(error.status).phrase.lower().replace(" ", "_"),
        "errors": [request.told(words) for words in listed or [error.detail]],
    }
    return respond(403 if refused else error.status, body, error.headers)

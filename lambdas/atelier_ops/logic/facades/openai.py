"""OpenAI's images and models: a prediction that is waited for, and its pictures in the answer."""

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from aws_lambda_powertools.event_handler import Response

from atelier_ops.gateways.records import Record
from atelier_ops.logic.facades.awaited import MOST_BYTES, check_inline, paint
from atelier_ops.logic.forms import read_fields
from atelier_ops.logic.http import Dependencies, ProblemError, Request, respond
from atelier_ops.logic.multipart import FormPart
from atelier_ops.logic.output_addresses import URL_SECONDS
from contracts.errors import InvalidInputError
from contracts.openai import ImageEditForm, ImageRequest, WantedPictures
from contracts.prediction import PredictionInput

_INSTEAD = '"response_format": "url"'
_CALLED = {
    **{"version": "model", "input.adapter": "model", "input.num_outputs": "n"},
    **{"input.width": "size", "input.height": "size"},
}
"""OpenAI's names of our fields."""
_ONE_PICTURE = "one picture: several cannot be made one"


def generate(request: Request, dependencies: Dependencies) -> Response[str]:
    """200 with pictures. Raises ProblemError, 503 while they are being painted, and InvalidInputError."""
    body = request.read_json()
    asked = ImageRequest.from_json(body)
    sides = dict(zip(("width", "height"), asked.sides or (), strict=False))
    translated = _translated(asked, {"mode": "text_to_image", **sides})
    return _answered(request, body, asked, translated, dependencies)


def edit(request: Request, dependencies: Dependencies) -> Response[str]:
    """200 with the picture, repainted. Raises ProblemError, 503 while it is being painted, and InvalidInputError."""
    parts = [_renamed(part) for part in request.read_form()]
    pictures = sum(part.name == "image" for part in parts)
    if pictures > 1:
        raise InvalidInputError("image", got=f"{pictures} pictures", allowed=_ONE_PICTURE)
    fields = read_fields(parts, ImageEditForm)
    asked = ImageEditForm.from_json(fields)
    translated = _translated(asked, _repainted(asked))
    said = {name: _noted(value) for name, value in fields.items()}
    return _answered(request, said, asked, translated, dependencies)


def _renamed(part: FormPart) -> FormPart:
    """A picture of a list by the name of a single one, as which OpenAI's clients may send it."""
    if part.name != "image[]":
        return part
    return replace(part, name="image")


def _repainted(asked: ImageEditForm) -> dict[str, Any]:
    """The part of the input that says what of the picture is repainted."""
    inputs = {"image": _base64(asked.image)}
    if asked.mask:
        return {**inputs, "mode": "inpaint", "mask": _base64(asked.mask), "mask_convention": "transparent"}
    if asked.mask_prompt:
        return {**inputs, "mode": "style", "mask_prompt": asked.mask_prompt}
    return {**inputs, "mode": "image_to_image"}


def _check_size(asked: WantedPictures, sides: tuple[int, int] | None) -> None:
    """Raise InvalidInputError where another size is wanted than that of the request's picture, which it keeps."""
    # Where the picture is turned by its metadata, it has its sides the other way round.
    if asked.sides and sides and asked.sides not in (sides, sides[::-1]):
        raise InvalidInputError("size", got=asked.size, allowed=f"auto, or {sides[0]}x{sides[1]} as the picture has")


def _translated(asked: WantedPictures, inputs: dict[str, Any]) -> dict[str, Any]:
    """The prediction that is asked for, in our own words."""
    common = {"prompt": asked.prompt, "num_outputs": asked.n, "output_format": asked.output_format}
    return {"version": asked.model, "input": {**common, **inputs}}


def _answered(
    request: Request, said: Any, asked: WantedPictures, translated: dict[str, Any], dependencies: Dependencies
) -> Response[str]:
    def check(inputs: PredictionInput, picture: tuple[int, int] | None) -> None:
        _check_size(asked, picture)
        if asked.response_format == "b64_json":
            check_inline(inputs, picture, dependencies, what="n", instead=_INSTEAD)

    record = paint(request, said, translated, dependencies, check, called=_CALLED)
    return respond(200, _pictures(record, asked, dependencies))


def _pictures(record: Record, asked: WantedPictures, dependencies: Dependencies) -> dict[str, Any]:
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
        "code": None,
    }


def is_asked_by(request: Request) -> bool:
    """Whether one of OpenAI's clients asks, on whatever route: ``OpenAI/Python 2.1``, ``AsyncOpenAI/Python 2.1``, ``OpenAI/JS 5.0``."""
    return re.match(r"(Async)?OpenAI/", request.headers.get("user-agent", "")) is not None

"""What the three model servers of SageMaker JumpStart have in common: checks one after the other, pictures, and errors.

The rules are those of JumpStart's own ``inference.py`` for Stable Diffusion (text to image 1.2.3, and upscaling), as its public copies
show them: numbers are not coerced, an integer is a number, and errors say one thing at a time.
"""

import base64
import binascii
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from PIL import Image
from starlette.responses import Response

from atelier_inference.answer_stream import FinishedAnswer, streamed
from atelier_inference.dialects.dialect import JPEG, JSON, Dialect, Invocation, Respond
from atelier_inference.json_answer import AsciiJSONResponse
from contracts.errors import InvalidInputError
from contracts.prediction import Format
from imaging.pictures import encode, measure

MOST_LISTED = 4_194_304
"""Pixels of all pictures of an answer that are lists of numbers: 50 MB of text."""
_VERBOSE = ";verbose"


class JumpStart(Dialect):
    """A dialect of JumpStart's."""

    def refuse(self, status: int, kind: str, error: InvalidInputError, request: str) -> Response:
        """As JumpStart's endpoints answer whatever goes wrong, with the status of ours."""
        return refusal(status, error)


def refusal(status: int, error: InvalidInputError) -> Response:
    """The body of errors of SageMaker's inference toolkits."""
    body = {"code": status, "type": "InternalServerException", "message": str(error)}
    return AsciiJSONResponse(body, status_code=status)


class PayloadError(InvalidInputError):
    """An error in JumpStart's own words."""

    def __init__(self, what: str, words: str, *, got: object = None) -> None:
        super().__init__(what, got=got, allowed=words)
        self.args = (words,)


def check_keys(payload: Mapping[str, Any], *, known: Sequence[str], needed: Sequence[str]) -> None:
    """Raises PayloadError for an unknown key, and for one that is missing."""
    for key in payload:
        if key not in known:
            valid = f"Valid keys are {list(known)}."
            raise PayloadError(key, f"Input payload contains an invalid key {key}. {valid}", got=key)
    for key in needed:
        if key not in payload:
            raise PayloadError(key, f"Input payload must contain '{key}' key.")


def check_numbers(payload: Mapping[str, Any], *, integers: Sequence[str], positive: Sequence[str]) -> None:
    """Raises PayloadError for what is no integer, or below 1, or of guidance and eta what is no number."""
    for key in integers:
        if key in payload and type(payload[key]) is not int:
            raise PayloadError(key, f"{key} must be an integer, got {payload[key]}.", got=payload[key])
    for key in ("guidance_scale", "eta"):
        if key in payload and type(payload[key]) not in (int, float):
            raise PayloadError(key, f"{key} must be an int or float, got {payload[key]}.", got=payload[key])
    if payload.get("eta"):
        # DDIM's noise between steps; the schedulers here have none, and another picture than the one asked for is no answer.
        raise PayloadError("eta", f"eta must be 0 on this server, got {payload['eta']}.", got=payload["eta"])
    for key in positive:
        if key in payload and payload[key] < 1:
            raise PayloadError(key, f"{key} must be at least 1, got {payload[key]}.", got=payload[key])


def sampling(payload: Mapping[str, Any], *, steps: int, guidance: float) -> dict[str, Any]:
    """The settings of a request of ours; ``steps`` and ``guidance`` where the payload says nothing. Guidance up to 1 is none."""
    settings = {
        "num_inference_steps": payload.get("num_inference_steps", steps),
        "guidance_scale": max(0, payload.get("guidance_scale", guidance)),
        "seed": payload.get("seed"),
    }
    return {name: value for name, value in settings.items() if value is not None}


def sent_picture(value: Any, call: Invocation, where: str) -> str:
    """A picture as requests of ours have it: a file in base64 stays what it is, rows of pixels (height x width x 3, 0 to 255) become one.

    Raises PayloadError.
    """
    if call.content_type.endswith(JPEG):
        if not isinstance(value, str):
            words = f"{where} must be the base64 of a picture's file where the content type is {JSON}{JPEG}."
            raise PayloadError(where, words, got=value)
        return value
    return base64.b64encode(encode(Image.fromarray(_pixels(value, where)), "png")).decode()


def size_of(picture: str, where: str) -> tuple[int, int]:
    """Width and height of a picture's file in base64. Raises InvalidInputError."""
    try:
        file = base64.b64decode("".join(picture.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise PayloadError(where, f"{where} must be the base64 of a picture's file.", got=picture) from error
    return measure(file, name=where)


def _pixels(value: Any, where: str) -> "np.ndarray[Any, np.dtype[np.uint8]]":
    words = f"{where} must be a list of rows of [red, green, blue], 0 to 255, where the content type is {JSON}."
    try:
        pixels = np.asarray(value)
    except ValueError as error:  # rows of different lengths
        raise PayloadError(where, words, got=value) from error
    wanted = pixels.ndim == 3 and pixels.shape[2] == 3 and pixels.size > 0 and pixels.dtype.kind in "iu"
    if not wanted or pixels.min() < 0 or pixels.max() > 255:
        raise PayloadError(where, words, got=value if pixels.size < 9 else f"a list of shape {list(pixels.shape)}")
    return pixels.astype(np.uint8)


def picture_format(call: Invocation) -> Format:
    """JPEG where the caller takes files; else one that loses nothing on the way to lists."""
    return "jpeg" if JPEG in call.accept else "png"


def check_accept(call: Invocation) -> None:
    """Raises InvalidInputError for an answer that is no JSON."""
    kind = call.accept.removesuffix(_VERBOSE).removesuffix(JPEG)
    if kind not in ("", "*/*", JSON):
        raise InvalidInputError("Accept", got=call.accept, allowed=f"{JSON} or {JSON}{JPEG}")


def check_listed(call: Invocation, size: tuple[int, int], pictures: int) -> None:
    """Raises InvalidInputError where so many pictures of a ``size`` (width, height) would be too many numbers for an answer of lists."""
    pixels = size[0] * size[1] * pictures
    if JPEG not in call.accept and pixels > MOST_LISTED:
        allowed = f"{JSON}{JPEG}: as lists an answer has at most {MOST_LISTED:,} pixels, this one would have {pixels:,}"
        raise InvalidInputError("Accept", got=call.accept or JSON, allowed=allowed)


def answering(call: Invocation, echo: Mapping[str, Any], *, one: bool = False) -> Respond:
    """``{"generated_images": […]}`` or ``{"generated_image": …}``, files in base64 or lists as the caller accepts, with the ``echo``.

    Lists have no metadata in which the disclosure could stand, as it does in files: it is beside them.
    """

    def respond(answers: Sequence[FinishedAnswer]) -> Response:
        files = [file for answer in answers for file in answer.pictures]
        if JPEG in call.accept:
            return streamed(list(_in_base64(files, echo, one=one)))
        pictures = _lists(files)
        shown = {"generated_image": pictures[0]} if one else {"generated_images": pictures}
        told = {"disclosure": answers[0].output.disclosure}
        return Response(json.dumps({**shown, **echo, **told}, separators=(",", ":")), media_type=JSON)

    return respond


def _in_base64(files: Sequence[bytes], echo: Mapping[str, Any], *, one: bool) -> Iterator[tuple[bytes, bytes]]:
    """The answer's JSON up to each file, and that file."""
    start, end = (b'{"generated_image":"', b'"') if one else (b'{"generated_images":["', b'"]')
    for number, file in enumerate(files[:1] if one else files):
        yield b'","' if number else start, file
    rest = json.dumps(echo, separators=(",", ":"))[1:].encode()
    yield end + (b"," if echo else b"") + rest, b""


def _lists(files: Sequence[bytes]) -> list[Any]:
    """Pictures as lists of rows of [red, green, blue]."""
    return [np.asarray(Image.open(io.BytesIO(file)).convert("RGB")).tolist() for file in files]

"""OpenAI's images: generations as JSON, edits as a form or as JSON. What is transparent in a mask is repainted.

By OpenAI's own reference (https://platform.openai.com/docs/api-reference/images) and the requests of its clients.
"""

import base64
import json
import time
from collections.abc import Sequence
from typing import ClassVar

from starlette.responses import Response

from atelier_inference.answer_stream import FinishedAnswer
from atelier_inference.dialects.dialect import Asked, Dialect, Invocation, adapter_of, with_files
from atelier_inference.dialects.stability_search_and_replace import FIELDS as OF_STABILITY
from atelier_inference.json_answer import AsciiJSONResponse
from contracts.errors import InvalidInputError
from contracts.openai import CALLED, ImageEditForm, ImageEditRequest, ImageRequest, WantedPictures, edit_fields
from contracts.prediction import PredictionInput
from contracts.safety.refusal import MASKS, PAINTED
from imaging.pictures import measure

_EDITED = frozenset({"image", "images", "mask", "mask_prompt"})


class OpenAiImages(Dialect):
    """``model`` names the style. Pictures come in the answer: an endpoint has no place where they could be read."""

    name: ClassVar[str] = "openai-images"
    marks: ClassVar[frozenset[str]] = frozenset(
        {
            *("n", "size", "response_format", "model", "quality", "background", "moderation", "user", "stream"),
            *("safety_identifier", "input_fidelity", "images", "output_compression", "partial_images"),
        }
    )

    def speaks(self, call: Invocation) -> bool:
        """A form without a field of Stability's."""
        return call.is_form and not any(part.name in OF_STABILITY for part in call.parts)

    def read(self, call: Invocation) -> Asked:
        """See Dialect."""
        asked = _asked(call)
        if asked.response_format != "b64_json":
            allowed = "b64_json: this endpoint keeps no files that could be read by an address"
            raise InvalidInputError("response_format", got=asked.response_format, allowed=allowed)
        request = PredictionInput.from_json({**asked.inputs(), "adapter": adapter_of(asked.model)})
        if request.image:
            asked.check_size(_size(request.image))

        def respond(answers: Sequence[FinishedAnswer]) -> Response:
            start = {"created": int(time.time()), "output_format": asked.output_format}
            head = f'{json.dumps(start)[:-1]}, "data": [{{"b64_json": "'.encode()
            rest = b'", "url": null, "revised_prompt": null}'
            return with_files(head, answers[0].pictures, rest + b', {"b64_json": "', rest + b"]}")

        return Asked(requests=[request], respond=respond)

    def refuse(self, status: int, kind: str, error: InvalidInputError, request: str) -> Response:
        """``{"error": {"message", "type", "param", "code"}}``."""
        told = error.in_names(CALLED)
        body = {
            "message": str(told),
            "type": "server_error" if status >= 500 else "invalid_request_error",
            "param": told.what,
            "code": "content_policy_violation" if kind in MASKS | PAINTED or error.reason else None,
        }
        return AsciiJSONResponse({"error": body}, status_code=status)


def _asked(call: Invocation) -> WantedPictures:
    if call.is_form:
        return ImageEditForm.from_json(edit_fields(call.parts))
    return (ImageEditRequest if call.keys & _EDITED else ImageRequest).from_json(call.value)


def _size(picture: str) -> tuple[int, int] | None:
    """Width and height of a picture in base64; None where it is none, which is told when it is read."""
    try:
        file = base64.b64decode("".join(picture.rpartition(",")[2].split()), validate=True)
    except ValueError:
        return None
    return measure(file, name="image")

"""Stability's search and replace: what ``search_prompt`` names is repainted; the picture itself comes back, or JSON with it.

By Stability's own reference (https://platform.stability.ai/docs/api-reference, ``/v2beta/stable-image/edit/search-and-replace``).
"""

from collections.abc import Sequence
from typing import ClassVar

from starlette.responses import Response

from atelier_inference.answer_stream import FinishedAnswer
from atelier_inference.dialects.dialect import JSON, Asked, Dialect, Invocation, adapter_of, with_files
from atelier_inference.json_answer import AsciiJSONResponse
from contracts.errors import InvalidInputError
from contracts.forms import read_fields
from contracts.prediction import PredictionInput
from contracts.safety.refusal import MASKS, PAINTED
from contracts.stability import CALLED, SearchAndReplaceForm

FIELDS = frozenset({"search_prompt", "grow_mask", "negative_prompt", "seed", "style_preset"})
"""Fields that no form of OpenAI's has."""
_NAMES = {
    400: "bad_request",
    413: "payload_too_large",
    429: "rate_limit_exceeded",
    500: "internal_error",
    503: "service_unavailable",
}


class StabilitySearchAndReplace(Dialect):
    """``seed`` 0 is a random one; ``version``, which Stability does not know, names the style."""

    name: ClassVar[str] = "stability-search-and-replace"

    def speaks(self, call: Invocation) -> bool:
        """A form with a field of Stability's."""
        return any(part.name in FIELDS for part in call.parts)

    def read(self, call: Invocation) -> Asked:
        """See Dialect."""
        whole = _wants_json(call.accept)
        asked = SearchAndReplaceForm.from_json(read_fields(call.parts, SearchAndReplaceForm))
        request = PredictionInput.from_json({**asked.inputs(), "adapter": adapter_of(asked.version)})

        def respond(answers: Sequence[FinishedAnswer]) -> Response:
            file, seed = answers[0].pictures[0], answers[0].output.seed
            if whole:
                return with_files(b'{"image":"', [file], b"", f'","finish_reason":"SUCCESS","seed":{seed}}}'.encode())
            headers = {"finish-reason": "SUCCESS", "seed": str(seed)}
            return Response(file, media_type=f"image/{asked.output_format}", headers=headers)

        return Asked(requests=[request], respond=respond)

    def refuse(self, status: int, kind: str, error: InvalidInputError, request: str) -> Response:
        """``{"id", "name", "errors"}``; what a gate or the base model's own checker refused is 403."""
        name = _NAMES.get(status, "bad_request")
        if kind in MASKS | PAINTED or error.reason:
            status, name = 403, "content_moderation"
        listed = [str(problem) for problem in error.in_names(CALLED).problems]
        return AsciiJSONResponse({"id": request, "name": name, "errors": listed}, status_code=status)


def _wants_json(accept: str) -> bool:
    """Whether JSON is wanted and not the picture, as which Stability answers who names neither. Raises InvalidInputError."""
    first = accept.partition(",")[0].partition(";")[0]
    if first in ("", "*/*") or first.startswith("image/"):
        return False
    if first != JSON:
        raise InvalidInputError("accept", got=accept, allowed=f"image/* or {JSON}")
    return True

"""Replicate's containers, as Cog makes them: ``{"input": {…}}`` is one of our own requests, and pictures come back as data: URIs.

By Cog's own page on its HTTP server (https://github.com/replicate/cog/blob/main/docs/http.md). ``version``, which Cog does not know and
Replicate's API does, names the style.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar

from starlette.responses import Response

from atelier_inference.answer_stream import FinishedAnswer, streamed
from atelier_inference.dialects.dialect import Asked, Dialect, Invocation, adapter_of
from atelier_inference.json_answer import AsciiJSONResponse
from contracts.declarations import about, text
from contracts.errors import InvalidInputError, Problem
from contracts.model import rule
from contracts.prediction import PredictionInput
from contracts.requests import RequestBody
from contracts.safety.refusal import MASKS, PAINTED

_NOT_HERE = {
    "webhook": "left out: nobody is told, the answer is that of the call; POST /v1/predictions tells",
    "webhook_events_filter": "left out, as webhook",
    "output_file_prefix": "left out: pictures come in the answer",
}
_FAILURES = MASKS | PAINTED | {"GarmentNotFoundError"}
"""What goes wrong once a model runs: Cog answers 200 then, with a prediction that has failed."""


class CogRequest(RequestBody):
    """``POST /predictions`` of Cog's server."""

    input: Annotated[PredictionInput, about("what to paint")]
    id: Annotated[str, text("an id", longest=200), about("comes back")] = ""
    created_at: Annotated[str, text("a time", longest=64), about("comes back")] = ""
    context: Annotated[Mapping[str, Any] | None, about("taken; it changes nothing here")] = None
    stream: Annotated[bool, about("taken; pictures come whole")] = False
    version: Annotated[str, text("style, style@version, base, or owner/name:version", longest=150)] = ""

    @classmethod
    def prepare(cls, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """The version is the input's adapter; what this server does not know is passed over, as Cog does."""
        known = {name: value for name, value in data.items() if name in cls.model_fields}
        version, inputs = known.get("version"), known.get("input")
        adapter = adapter_of(version) if isinstance(version, str) else ""
        if not adapter or not isinstance(inputs, Mapping) or inputs.get("adapter"):
            return known
        return {**known, "input": {**inputs, "adapter": adapter}}

    @rule
    def _one_adapter(self) -> Iterator[Problem]:
        if self.version and self.input.adapter != adapter_of(self.version):
            yield Problem("input.adapter", self.input.adapter, "version or input.adapter, not both")


class ReplicateCog(Dialect):
    """An input without a ``mode`` is of mode style, as our own requests are."""

    name: ClassVar[str] = "replicate-cog"
    marks: ClassVar[frozenset[str]] = frozenset({"input"})

    def read(self, call: Invocation) -> Asked:
        """See Dialect."""
        started = datetime.now(UTC)
        value = call.value
        for name, allowed in _NOT_HERE.items():
            if value.get(name) is not None:
                raise InvalidInputError(name, got=value[name], allowed=allowed)
        asked = CogRequest.from_json(value)
        unused = [name for name in value if name not in CogRequest.model_fields and name not in _NOT_HERE]
        said = {"id": asked.id or None, "version": asked.version or None, "created_at": asked.created_at or None}

        def respond(answers: Sequence[FinishedAnswer]) -> Response:
            return _answer(answers[0], {name: each for name, each in said.items() if each}, unused, started)

        return Asked(requests=[asked.input], respond=respond)

    def refuse(self, status: int, kind: str, error: InvalidInputError, request: str) -> Response:
        """422 with what is wrong where, as Cog's server has it from FastAPI; 200 with a failed prediction where the model was at work."""
        if kind in _FAILURES:
            failed: dict[str, Any] = {
                "status": "failed",
                "output": None,
                "error": str(error),
                "logs": "",
                "metrics": {},
            }
            return AsciiJSONResponse(failed)
        if status != 400:
            return AsciiJSONResponse({"detail": str(error)}, status_code=status)
        listed = [_told(problem) for problem in error.problems]
        return AsciiJSONResponse({"detail": listed}, status_code=422)


def _told(problem: Problem) -> dict[str, Any]:
    where = [part for part in re.split(r"[.\[\]]+", problem.what.partition(":")[0]) if part]
    return {"loc": ["body", *where], "msg": str(problem), "type": "value_error"}


def _answer(answer: FinishedAnswer, said: Mapping[str, str], unused: Sequence[str], started: datetime) -> Response:
    """The prediction, its pictures as data: URIs, the mask last where one was asked for."""
    completed = datetime.now(UTC)
    notes = [*answer.output.notes, *(f"{name}: not known here, not used" for name in unused)]
    prediction = {
        **said,
        "status": "succeeded",
        "error": None,
        "logs": "\n".join(notes),
        "metrics": {"predict_time": round((completed - started).total_seconds(), 3), "seed": answer.output.seed},
        "started_at": started.isoformat(),
        "completed_at": completed.isoformat(),
    }
    kind = answer.output.output_format
    files = [(kind, file) for file in answer.pictures] + ([("png", answer.mask)] if answer.mask else [])
    start = json.dumps(prediction)[:-1] + ', "output": ["'
    before = [start, *['", "'] * (len(files) - 1)]
    parts = [
        (f"{words}data:image/{each};base64,".encode(), file) for words, (each, file) in zip(before, files, strict=True)
    ]
    return streamed([*parts, (b'"]}', b"")])

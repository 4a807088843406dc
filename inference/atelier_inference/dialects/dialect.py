"""What a dialect of the server is: whose requests it speaks, what they mean as requests of ours, and how their callers are answered."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, Self

from starlette.responses import Response

from atelier_inference.answer_stream import FinishedAnswer, streamed
from atelier_inference.json_answer import AsciiJSONResponse
from contracts.errors import InvalidInputError
from contracts.execution import BASE
from contracts.json_text import load
from contracts.model_names import plain
from contracts.multipart import FormPart, read_parts
from contracts.prediction import PredictionInput

JSON = "application/json"
FORM = "multipart/form-data"
JPEG = ";jpeg"
"""What JumpStart's clients append to a type whose pictures are files in base64, instead of lists of pixels."""
MOST_VALUES = 4_000_000
"""Values in a JSON document, as counted by its commas: a picture of 1,333,333 pixels as lists. Each takes Python some 60 bytes."""

TakeRoom = Callable[[int], None]
"""To be called with a picture's pixels before it is decoded."""


@dataclass(frozen=True, kw_only=True)
class Invocation:
    """One request as it came. ``content_type`` and ``accept`` are in small letters and without spaces; empty where it names none.

    ``header`` is its Content-Type letter by letter, since a form's boundary stands there.
    """

    content_type: str
    accept: str
    body: bytearray
    header: str = ""

    @property
    def is_json(self) -> bool:
        """Whether the body says that it is JSON, or says nothing."""
        return (self.content_type or JSON).partition(";")[0] == JSON

    @cached_property
    def value(self) -> Any:
        """The JSON body's value. Raises InvalidInputError."""
        if (values := self.body.count(b",")) > MOST_VALUES:
            allowed = f"at most {MOST_VALUES:,}: send pictures as files in base64, with Content-Type {JSON}{JPEG}"
            raise InvalidInputError("body", got=f"{values:,} values", allowed=allowed)
        try:
            return load(self.body)
        except ValueError as error:
            raise InvalidInputError("body", got=str(error), allowed="a JSON object in UTF-8") from error

    @property
    def is_form(self) -> bool:
        """Whether the body says that it is a form with files."""
        return self.content_type.partition(";")[0] == FORM

    @cached_property
    def parts(self) -> list[FormPart]:
        """The form's fields; none of another body. Raises InvalidInputError."""
        if not self.is_form:
            return []
        try:
            return read_parts(self.header, bytes(self.body))
        except ValueError as error:
            raise InvalidInputError("body", got=str(error), allowed=f"{FORM} (RFC 7578)") from error

    def let_go(self) -> None:
        """Forget the body once it was read: it may be as large as two pictures, and painting takes long."""
        self.body.clear()
        for read in ("value", "parts"):
            self.__dict__.pop(read, None)

    @property
    def keys(self) -> frozenset[str]:
        """The keys of the body's JSON object; none where it is none, or names a mode, as ours do."""
        if not self.is_json or not isinstance(self.value, dict) or "mode" in self.value:
            return frozenset()
        return frozenset(self.value)


Respond = Callable[[Sequence[FinishedAnswer]], Response]
"""What the answers to a call's requests become, in their order."""
Pictures = Callable[[TakeRoom], Mapping[str, str]]
"""Pictures of a request, by our fields' names, which are decoded to be what ours are. Raises InvalidInputError."""
_LATER = "decoded later"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a call asks for: one request of ours, or several of one size, and what their answers become.

    ``pictures`` are those that the one request still lacks: a call is refused for whatever else is wrong with it before they are decoded.
    """

    requests: Sequence[PredictionInput]
    respond: Respond
    pictures: Pictures | None = None

    @classmethod
    def lacking(
        cls, names: Sequence[str], pictures: Pictures, inputs: Mapping[str, Any], *, respond: Respond, where: str = ""
    ) -> Self:
        """One request of ``inputs``, which lacks the ``pictures`` of these names. Raises InvalidInputError."""
        request = PredictionInput.from_json({**inputs, **dict.fromkeys(names, _LATER)}, where=where)
        return cls(requests=[request], respond=respond, pictures=pictures)

    def decoded(self, take_room: TakeRoom) -> Self:
        """The same with the pictures that were lacking. Raises InvalidInputError."""
        if self.pictures is None:
            return self
        there = self.pictures(take_room)
        return replace(self, requests=[each.model_copy(update=there) for each in self.requests], pictures=None)


class Dialect(ABC):
    """One way to ask."""

    name: ClassVar[str]
    marks: ClassVar[frozenset[str]] = frozenset()
    """Keys of a JSON body of which one is enough to tell whose it is: no other dialect, nor our own requests, have them."""

    def speaks(self, call: Invocation) -> bool:
        """Whether a call without anybody's marks is of this dialect; at most one of all dialects speaks it."""
        return False

    @abstractmethod
    def read(self, call: Invocation) -> Asked:
        """What is asked; no picture is decoded for it. Raises InvalidInputError."""

    def refuse(self, status: int, kind: str, error: InvalidInputError, request: str) -> Response:
        """The answer to a call that cannot succeed; ``kind`` names the error, ``request`` is what the log calls the request."""
        body = {"type": kind, "message": str(error), "what": error.what, "allowed": error.allowed}
        return AsciiJSONResponse({"error": body, "errors": error.to_json()}, status_code=status)


def adapter_of(reference: str) -> str:
    """The adapter that a name as other APIs give it to a model or a version means; none for the base model."""
    name = plain(reference)
    return "" if name == BASE else name


def with_files(start: bytes, files: Sequence[bytes], between: bytes, end: bytes) -> Response:
    """JSON with files in base64: what stands before the first, between two, and after the last of them."""
    parts = [(between if number else start, file) for number, file in enumerate(files)]
    return streamed([*parts, (end if files else start + end, b"")])

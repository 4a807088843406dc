"""One route of the HTTP API, declared once: the handler answers it, the templates have it, and docs/openapi.json describes it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import BaseModel

from contracts.answers import ProblemDetails
from contracts.people import CONSENT_PATTERN
from contracts.queries import Query
from contracts.requests import Form, RequestBody

NOT_OWN = "the style is the house's, and the client does not manage"
"""Why a client may see a thing and not change it."""


@dataclass(frozen=True, kw_only=True)
class Route:
    """``path`` is API Gateway's and OpenAPI's: ``/v1/predictions/{id}``. Without ``answer``, a good answer has no body;
    without ``query``, nothing behind a question mark is read.

    ``errors`` are its own beside those that every route has, by status. What is ``costly`` starts a job or makes what stays, and has
    the stage's smaller throttle. Of what it makes, a good answer names the address (``Location``) unless it is not ``located``.
    ``form`` are the fields that it takes as ``multipart/form-data``, and ``form_answer`` is what it answers to them where that is
    another than ``answer``.
    What takes a body and ``makes`` nothing changes what is there, or only answers. ``problem`` is the shape of its errors.
    Where it is a ``picture``, the answer may be the file itself, if the first type in Accept is of pictures.
    ``disclosed`` answers say in a header what people are to be told of the pictures: their bodies are another API's and have no place.
    """

    name: str
    method: str
    path: str
    about: str
    answer: type[BaseModel] | None
    body: type[RequestBody] | None = None
    query: type[Query] | None = None
    errors: Mapping[int, str] = field(default_factory=dict)
    costly: bool = False
    located: bool = True
    form: type[Form] | None = None
    form_answer: type[BaseModel] | None = None
    makes: bool = True
    problem: type[BaseModel] = ProblemDetails
    picture: bool = False
    disclosed: bool = False

    @property
    def status(self) -> int:
        """Of a good answer: what takes a body makes something, unless it says otherwise."""
        if self.answer is None:
            return 204
        return 201 if self.takes_body and self.makes else 200

    @property
    def takes_body(self) -> bool:
        """Whether it takes JSON, a form, or either."""
        return bool(self.body or self.form)

    @property
    def needs_body(self) -> bool:
        """Whether a request without a body is refused: where the route takes a form, or a field is needed."""
        fields = self.body.model_fields.values() if self.body else ()
        return self.takes_body and (self.body is None or any(field.is_required() for field in fields))

    @property
    def always_json(self) -> bool:
        """Whether API Gateway may check that a body is a JSON object. It refuses a request without one, too; of a form it would read the
        text as JSON; and its own words are a problem document, which a route whose errors have another shape says better itself."""
        return self.needs_body and self.form is None and self.problem is ProblemDetails

    @property
    def names(self) -> list[str]:
        """The names in braces in the path, in order."""
        return re.findall(r"\{(\w+)\}", self.path)

    def matches(self, path: str) -> bool:
        """Whether the route has this path, for any values of its names."""
        return re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", self.path), path) is not None

    @staticmethod
    def pattern(name: str) -> str:
        """What a name in braces may stand for."""
        return _PATTERNS.get(name, r"[A-Za-z0-9_-]{1,80}")


_PATTERNS: Mapping[str, str] = {
    "owner": r"[A-Za-z0-9_@.-]{1,80}",
    "reference": r"[A-Za-z0-9_@.-]{1,80}",
    "consent": CONSENT_PATTERN,
}
"""Others' names for what there is, so that their clients work unchanged: Replicate's, and of OpenAI's models. And clients' references."""

"""Requests that are sent until they are answered: what may pass is tried again, and what a lost answer has done is not done twice."""

import random
import secrets
from collections.abc import Mapping
from typing import TypeVar
from urllib.parse import urlencode

from pydantic import BaseModel, ValidationError

from atelier.errors import ApiError, UnavailableError, UnexpectedAnswerError, UnreachableError, refusal
from atelier.steps import HttpCall, HttpReply, Steps, clock, exchange, pause

Answer = TypeVar("Answer", bound=BaseModel)

PATIENCE_SECONDS = 120.0
"""How long a request that may still succeed is repeated."""
DIAL_SECONDS = 5.0
"""How long it is repeated where nobody answers at the address at all."""
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 20.0


def send(call: HttpCall, *, done: int | None = None, patience: float = PATIENCE_SECONDS) -> Steps[HttpReply]:
    """A good answer. Raises UnreachableError and RefusedError.

    Every request of ours may be repeated: those that make something carry a key of their own. After an answer was lost, the status
    ``done`` says that the lost one did it: a deleted thing is not there, a file that may be put once has been put.
    """
    begun, doubtful, longest = (yield from clock()), False, FIRST_PAUSE_SECONDS
    while True:
        allowed = patience
        wait = longest * random.uniform(0.5, 1.0)  # noqa: S311 spreads clients, and hides nothing
        error: ApiError
        try:
            reply = yield from exchange(call)
            if reply.status < 400 or (doubtful and reply.status == done):
                return reply
            error = refused = refusal(call.name, reply.status, reply.headers, reply.content)
            if not isinstance(refused, UnavailableError):
                raise error
            wait = max(wait, refused.retry_after)
            # A gateway that gave up waiting does not know what has been done behind it.
            doubtful = doubtful or reply.status != 429
        except UnreachableError as lost:
            error, doubtful = lost, doubtful or lost.sent
            allowed = patience if doubtful else min(patience, DIAL_SECONDS)
        if (yield from clock()) + wait > begun + allowed:
            raise error
        yield from pause(wait)
        longest = min(2 * longest, LONGEST_PAUSE_SECONDS)


def ask(answer: type[Answer], method: str, path: str, body: object = None, **headers: str) -> Steps[Answer]:
    """An answer of a declared type; keys that this client does not know are passed over. Raises ApiError."""
    reply = yield from send(call(method, path, body, **headers))
    return read(answer, reply, f"{method} {path}")


def call(method: str, path: str, body: object = None, **headers: str) -> HttpCall:
    """A request of the API; ``prefer`` and the like become headers. A POST gets an Idempotency-Key, unless it has one."""
    named = {name.replace("_", "-"): value for name, value in headers.items() if value}
    if method == "POST":
        named = {"idempotency-key": secrets.token_hex(16), **named}
    return HttpCall(method=method, address=path, body=body, headers=named)


def read(answer: type[Answer], reply: HttpReply, asked: str) -> Answer:
    """The answer's body. Raises UnexpectedAnswerError."""
    try:
        return answer.model_validate_json(reply.content, extra="ignore")
    except ValidationError as error:
        where = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_url=False)[:3])
        raise UnexpectedAnswerError(
            f"{asked}: got an answer of another kind than {answer.__name__}: {where}"
        ) from error


def query(path: str, values: Mapping[str, object]) -> str:
    """The path with those of the values that say something."""
    given = {name: value for name, value in values.items() if value not in (None, "")}
    if not given:
        return path
    return f"{path}{'&' if '?' in path else '?'}{urlencode(given)}"

"""Requests that are repeated with an Idempotency-Key: the same key comes with the same body, or is refused."""

import hashlib
import json
from typing import Any

from atelier_ops.gateways.records import Record, Records
from atelier_ops.logic.http import ProblemError

_KEY = "Idempotency-Key"

KEEP = 7 * 86_400
"""Seconds an Idempotency-Key is remembered with its body."""


def digest_of(body: Any) -> str:
    """What tells one body from another."""
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def other_body() -> ProblemError:
    """The refusal of a key that came with another body before."""
    allowed = "a new key for a new body"
    detail = f"{_KEY}: got one that another body came with; allowed: {allowed}"
    return ProblemError(422, detail, what=_KEY, allowed=allowed)


def note(kind: str, request_id: str, body: Any, now: float) -> Record:
    """What is remembered of a request; its digest is of this request and no other."""
    data = {"digest": digest_of([request_id, body])}
    return Record(key=f"{kind}#{request_id}", status="admitted", expires_at=int(now) + KEEP, data=data)


def require_same(noted: Record, records: Records) -> None:
    """Raise ProblemError 422 where the request's Idempotency-Key came with another body before."""
    earlier = records.get(noted.key)
    if earlier is not None and earlier.data["digest"] != noted.data["digest"]:
        raise other_body()


def remember(noted: Record, records: Records) -> None:
    """Keep the note. Raises ProblemError 422 where the request's Idempotency-Key came with another body before."""
    if not records.add(noted):
        require_same(noted, records)

"""Identifiers: random, or the same for the same Idempotency-Key, so that a repeated request finds the first one's result."""

import hashlib
import secrets

from atelier_ops.logic.http import ProblemError, Request

LENGTH = 26
"""Hexadecimal digits: 104 bits."""

LONGEST_KEY = 255


def new_id(request: Request, kind: str) -> str:
    """An id for a new ``kind`` of thing; one Idempotency-Key of one client always gives the same. Raises ProblemError 400."""
    key = request.headers.get("idempotency-key")
    if key is None:
        return secrets.token_hex(LENGTH // 2)
    if not 0 < len(key) <= LONGEST_KEY:
        raise ProblemError(400, f"Idempotency-Key: got {len(key)} characters; allowed: 1 to {LONGEST_KEY}")
    return hashlib.sha256("\n".join((kind, request.client, key)).encode()).hexdigest()[:LENGTH]

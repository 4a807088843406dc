"""What belongs to a person: an item of the table for each thing, found by what stands for the person's consent reference.

That is an HMAC of the reference under a secret of the stage, so that no key, no log line and no report holds a reference, and nobody can
try references without the secret. An item is written in the same transaction as the record of the thing, and goes with it (``beside``).
"""

import hmac
from collections.abc import Iterable
from typing import Any

from atelier_ops.gateways.records import Record, Records
from atelier_ops.logic.stage_secrets import stage_secret
from atelier_ops.observability import count
from contracts.errors import InvalidInputError, Problem

SECRET = "secret#people"  # noqa: S105 - where it lies
"""The secret's record. Who removes it can find nothing any more that belongs to anybody."""

PREDICTION, BATCH, STYLE = "prediction", "batch", "style"
"""What may belong to a person."""

_DIGITS = 32
WITHDRAWN = "a reference whose data were deleted"


def person_of(reference: str, records: Records) -> str:
    """What stands for a reference: 128 bits in hexadecimal digits."""
    return hmac.digest(stage_secret(SECRET, records), reference.encode(), "sha256").hex()[:_DIGITS]


def theirs_key(person: str, kind: str, name: str) -> str:
    """Where it is noted that the thing of this kind and name belongs to the person."""
    return f"theirs#{person}#{kind}#{name}"


def theirs(person: str, kind: str, name: str, *, client: str, expires_at: int, **data: Any) -> Record:
    """The note that something a client made belongs to a person; it expires with the thing."""
    return Record(
        key=theirs_key(person, kind, name),
        status=belonging(person),
        expires_at=expires_at,
        data={"client": client, **data},
    )


def belonging(person: str) -> str:
    """The status of the notes of one person, by which they are found."""
    return f"of {person}"


def named(key: str) -> tuple[str, str]:
    """Kind and name of what a note is about."""
    _, _, kind, name = key.split("#", 3)
    return kind, name


def erasure_keys(person: str, client: str) -> tuple[str, str]:
    """Where it is said that a person's data are deleted, or were: all clients', and this client's."""
    return f"erasure#{person}", f"erasure#{person}#{client}"


def check_given(problems: Iterable[Problem]) -> None:
    """Raises InvalidInputError with these problems of what has no reference where the stage demands one."""
    if found := list(problems):
        count("ConsentsMissing")
        raise InvalidInputError.of(found)


def check_kept(person: str, client: str, records: Records, where: str = "input.consent") -> None:
    """Raises InvalidInputError, which does not repeat the reference, where the person's data are or were deleted."""
    if records.get_each(erasure_keys(person, client)):
        count("ConsentsWithdrawn")
        raise InvalidInputError(where, got=WITHDRAWN, allowed="one under which a person agrees to pictures now")

"""Whom the rows of a batch show. Step Functions keeps what it maps for 90 days, and nobody can delete from its history.

So an item names a person by what stands for the reference, and no row; the note that the batch is the person's has the reference itself
for whoever asks for the item's prediction.
"""

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from atelier_ops.gateways.records import Records, Transaction
from atelier_ops.logic.people.persons import (
    BATCH,
    WITHDRAWN,
    check_kept,
    erasure_keys,
    person_of,
    theirs,
    theirs_key,
)
from contracts.errors import InvalidInputError

_AT_ONCE = 16
REFERENCE = "reference"


def note_batch(
    references: Iterable[str], batch: str, client: str, expires_at: int, records: Records
) -> Mapping[str, str]:
    """Note that rows of the batch show those who are called so; what stands for each reference.

    Raises InvalidInputError where the data of one of them are or were deleted. Repeating it changes nothing.
    """
    wanted = sorted({each for each in references if each})
    if not wanted:
        return {}
    persons = {reference: person_of(reference, records) for reference in wanted}

    def note(reference: str) -> None:
        person = persons[reference]
        new = theirs(person, BATCH, batch, client=client, expires_at=expires_at, **{REFERENCE: reference})
        while not records.exchange(Transaction(written=(new,), absent=erasure_keys(person, client))):
            check_kept(person, client, records)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(note, wanted))
    return persons


def unnamed(inputs: Mapping[str, Any], persons: Mapping[str, str]) -> dict[str, Any]:
    """What an item is painted with, its person by what stands for the reference."""
    if not inputs.get("consent"):
        return dict(inputs)
    return {**inputs, "consent": persons[inputs["consent"]]}


def with_reference(inputs: Mapping[str, Any], batch: str, client: str, records: Records) -> dict[str, Any]:
    """The same with the reference itself. Raises InvalidInputError where the person's data are or were deleted."""
    person = inputs.get("consent")
    if not person:
        return dict(inputs)
    check_kept(str(person), client, records)
    note = records.get(theirs_key(str(person), BATCH, batch))
    if note is None:
        raise InvalidInputError("input.consent", got=WITHDRAWN, allowed="one under which a person agrees now")
    return {**inputs, "consent": note.data[REFERENCE]}

"""Whom the pictures show that a style is learnt from. That is known of the style whole: which picture shows whom nobody says."""

from collections.abc import Sequence
from dataclasses import replace

from atelier_ops.gateways.records import NEVER, Record, Records, Transaction
from atelier_ops.logic.people.persons import STYLE, check_kept, erasure_keys, person_of, theirs, theirs_key

PERSONS = "persons"
BEGUN = "begun"
"""Member of a note: a person's deletion has begun to delete the style."""

ENDED = "ended"
"""Member of a note: the style was deleted by its client. What its runs wrote stays for as long as the stage keeps that."""

_NOTED = "noted"


def people_key(style: str) -> str:
    """The record that says whose pictures a style is learnt from."""
    return f"people#{style}"


def note_style(reference: str, style: str, run: str, client: str, records: Records) -> None:
    """Note that a style is learnt, in this run, from pictures of the person who is called so. Repeating it changes nothing.

    Raises InvalidInputError where the person's data are or were deleted.
    """
    if not reference:
        return
    person = person_of(reference, records)
    while True:
        check_kept(person, client, records)
        earlier = records.get(theirs_key(person, STYLE, style))
        runs = sorted({run, *(earlier.data["runs"] if earlier else ())})
        note = theirs(person, STYLE, style, client=client, expires_at=NEVER, runs=runs)
        known = records.get(people_key(style))
        persons = sorted({person, *(known.data[PERSONS] if known else ())})
        new = Record(key=people_key(style), status=_NOTED, expires_at=NEVER, data={PERSONS: persons})
        own = {"replaced": ((known, new),)} if known else {"added": (new,)}
        if records.exchange(Transaction(**own, written=(note,), absent=erasure_keys(person, client))):
            return


def end_style(style: str, runs: Sequence[str], records: Records) -> None:
    """Note of a style that is gone, and of these runs besides, that only what its runs wrote is left.

    Nothing is changed while somebody removes that for a person.
    """
    known = records.get(people_key(style))
    if known is None:
        return
    keys = (theirs_key(person, STYLE, style) for person in known.data[PERSONS])
    notes = [note for note in map(records.get, keys) if note is not None]
    if any(note.data.get(BEGUN) for note in notes):
        return

    def over(note: Record) -> Record:
        return replace(note, data={**note.data, "runs": sorted({*note.data["runs"], *runs}), ENDED: True})

    for note in notes:
        records.change(note, over)
    records.remove(known)

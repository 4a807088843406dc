"""Whom the pictures show that a style is learnt from. That is known of the style whole: which picture shows whom nobody says."""

from atelier_ops.gateways.records import NEVER, Record, Records, Transaction
from atelier_ops.logic.people.persons import STYLE, check_kept, erasure_keys, person_of, theirs, theirs_key

PERSONS = "persons"
BEGUN = "begun"
"""Member of a note: a person's deletion has begun to delete the style."""

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


def forget_style(style: str, records: Records) -> None:
    """Remove what is noted of a style that is gone, unless somebody still removes the rest of it for a person."""
    known = records.get(people_key(style))
    while known is not None:
        keys = (theirs_key(person, STYLE, style) for person in known.data[PERSONS])
        notes = [note for note in map(records.get, keys) if note is not None]
        if any(note.data.get(BEGUN) for note in notes) or records.exchange(Transaction(removed=(known, *notes))):
            return
        known = records.get(people_key(style))

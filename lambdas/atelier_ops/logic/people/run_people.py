"""Whom the pictures of a training run show: a run that somebody starts by hand is asked, as requests are.

A run that the API began has no reference in its input: whom it shows was noted before it started.
"""

from atelier_ops.gateways.records import Records
from atelier_ops.logic.ownership import claim_key
from atelier_ops.logic.people.persons import STYLE, check_given, theirs_key
from atelier_ops.logic.people.style_people import PERSONS, note_style, people_key
from contracts.execution import EvaluationInput, ExecutionInput
from contracts.people import ConsentRule, missing_consent


def ask_consent(asked: ExecutionInput | EvaluationInput, run: str, rule: ConsentRule, records: Records) -> None:
    """Raises InvalidInputError where the stage demands a reference, the input has none, and none was noted of this run."""
    if rule == "required" and not asked.consent and not is_noted(asked.style, run, records):
        check_given(missing_consent(rule, asked.consent, "input.consent"))


def note_person(asked: ExecutionInput | EvaluationInput, run: str, records: Records) -> None:
    """Note whom the run's pictures show, in the name of whose the style is; of the house's a client deletes that manages.

    Raises InvalidInputError where the data of that person are or were deleted.
    """
    owner = records.get(claim_key(asked.style)) if asked.consent else None
    note_style(asked.consent, asked.style, run, str(owner.data["client"]) if owner else "", records)


def is_noted(style: str, run: str, records: Records) -> bool:
    """Whether somebody was noted, before the run started, whom its pictures show."""
    known = records.get(people_key(style))
    notes = (records.get(theirs_key(person, STYLE, style)) for person in (known.data[PERSONS] if known else ()))
    return any(note is not None and run in note.data["runs"] for note in notes)

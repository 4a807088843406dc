"""People in pictures: the deletion of all that has a consent reference."""

from atelier.sending import ask
from atelier.steps import Steps
from contracts.people_answers import PersonDeletion


def delete(consent: str) -> Steps[PersonDeletion]:
    """Ask for the deletion of all that has this reference; it is done within a day. Repeating it changes nothing."""
    return ask(PersonDeletion, "DELETE", f"/v1/people/{consent}")


def get(consent: str) -> Steps[PersonDeletion]:
    """The report of a deletion that was asked for."""
    return ask(PersonDeletion, "GET", f"/v1/people/{consent}")

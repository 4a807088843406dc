"""People in pictures: the deletion of all that has a consent reference."""

from contracts.people_answers import PersonDeletion
from contracts.route import Route

ROUTES = (
    Route(
        name="delete_person",
        method="DELETE",
        path="/v1/people/{consent}",
        about="Remove all that has this consent reference: predictions with what was sent and painted, rows of batches, and styles that "
        "were learnt from the person's pictures, whole. A client removes what is its own, one that manages what is anybody's. It is done "
        "within a day; the reference is refused from now on. Repeating it changes nothing.",
        answer=PersonDeletion,
    ),
    Route(
        name="get_person",
        method="GET",
        path="/v1/people/{consent}",
        about="The report of a deletion that was asked for: how many things are gone, and whether any is left.",
        answer=PersonDeletion,
    ),
)

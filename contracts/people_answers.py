"""What the HTTP API answers about the deletion of a person's data."""

from collections.abc import Mapping
from typing import Annotated, Literal

from contracts.answers import Answer, Time
from contracts.declarations import about


class PersonDeletion(Answer):
    """The deletion of all that has a person's consent reference: the client's own, or, for a client that manages, everybody's."""

    consent: Annotated[str, about("the reference, as the request has it: the report itself does not")]
    status: Annotated[Literal["deleting", "deleted"], about("deleted: a look has found nothing more")]
    scope: Annotated[Literal["client", "stage"], about("of the client alone, or of all clients")]
    requested_at: Time
    due_by: Annotated[Time, about("a day after it was asked for")]
    completed_at: Time | None
    counts: Annotated[
        Mapping[str, int],
        about(
            "how many things are removed so far: predictions, pictures, uploads, batches, batch_rows, styles, versions, runs, objects "
            "(of styles and runs, with all their versions), log_streams"
        ),
    ]
    kept: Annotated[list[str], about("what nobody can remove here, and what ends it")]

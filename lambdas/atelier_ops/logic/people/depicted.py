"""Whom a prediction shows: what is noted with its record, so that everything of a person is found."""

from collections.abc import Sequence
from dataclasses import dataclass

from atelier_ops.gateways.records import Record, Records
from atelier_ops.logic.people.persons import PREDICTION, check_kept, erasure_keys, person_of, theirs
from contracts.layout import UPLOADS
from contracts.prediction import PredictionInput


@dataclass(frozen=True, kw_only=True)
class Depicted:
    """What is written with a prediction's record: ``notes``, unless one of ``absent`` is there. Of nobody in particular, neither."""

    person: str = ""
    client: str = ""
    notes: Sequence[Record] = ()

    @property
    def absent(self) -> Sequence[str]:
        """Where it would be said that the person's data are deleted."""
        return erasure_keys(self.person, self.client) if self.person else ()

    def check(self, records: Records) -> None:
        """Raises InvalidInputError where the person's data are or were deleted."""
        if self.person:
            check_kept(self.person, self.client, records)


def depicted_in(prediction: Record, inputs: PredictionInput, records: Records) -> Depicted:
    """Whom the prediction shows, by its consent reference. Its uploads are noted, which its record need not outlive."""
    if not inputs.consent:
        return Depicted()
    person = person_of(inputs.consent, records)
    uploads = sorted({each for each in (inputs.image, inputs.mask) if each.startswith(UPLOADS)})
    note = theirs(
        person,
        PREDICTION,
        str(prediction.data["id"]),
        client=prediction.client,
        expires_at=prediction.expires_at,
        uploads=uploads,
    )
    return Depicted(person=person, client=prediction.client, notes=(note,))

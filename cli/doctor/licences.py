"""The licences under which the stage's models may be used, and which of them are going."""

from collections.abc import Iterator
from datetime import date

from cli.doctor.diagnosis import Diagnosis, Mark
from cli.doctor.surroundings import Surroundings
from contracts.terms import in_words
from models.catalogue import CatalogueEntry


def check_licences(around: Surroundings) -> Iterator[Diagnosis]:
    """A line for each licence, with the models under it and where its text is; and one for each model that is not stable."""
    models = around.stage.models
    for licence in dict.fromkeys(entry.licence for entry in models):
        names = ", ".join(entry.name for entry in models if entry.licence == licence)
        use = in_words(licence.commercial, restricted=licence.restricted)
        says = f"{licence.name}: {names}; {use} ({licence.text})"
        do = "its use restrictions bind you and your users: read them there" if licence.restricted else ""
        good = licence.commercial == "yes" and not licence.restricted
        yield Diagnosis(mark=Mark.GOOD if good else Mark.NOTE, what="licence", says=says, do=do)
    for entry in models:
        yield from _age(entry, around.today)


def _age(entry: CatalogueEntry, today: date) -> Iterator[Diagnosis]:
    do = "name another in infra/config.py for what begins now"
    if entry.retires and date.fromisoformat(entry.retires) <= today:
        says = f"{entry.name} is not to be used from {entry.retires}: {entry.note}"
        yield Diagnosis(mark=Mark.TO_DEPLOY, what="base model", says=says, do="name another in infra/config.py")
    elif entry.retires or entry.stage != "stable":
        until = f" and not to be used from {entry.retires}" if entry.retires else ""
        yield Diagnosis(
            mark=Mark.NOTE, what="base model", says=f"{entry.name} is {entry.stage}{until}: {entry.note}", do=do
        )

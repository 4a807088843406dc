"""What the licences of a stage's models must allow."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from infra.settings.kinds import check_kinds
from infra.settings.validation import check
from models.catalogue import CatalogueEntry


@dataclass(frozen=True, kw_only=True)
class Licences:
    """With ``commercial`` every model's licence, and every style's terms, must let pictures be used commercially."""

    commercial: bool = True

    def __post_init__(self) -> None:
        check_kinds(self, "licences")

    def require(self, models: Iterable[CatalogueEntry]) -> None:
        """Raises ValueError for the first model whose licence allows less than the stage wants."""
        for entry in models:
            allowed = "models that may be used commercially; or False, where no picture is"
            got = f"True with {entry.name}, whose licence {entry.licence.name} does not ({entry.licence.text})"
            check(
                not self.commercial or entry.licence.commercial == "yes",
                "licences.commercial",
                got=got,
                allowed=allowed,
            )

    @property
    def loosenings(self) -> Iterator[str]:
        """What the stage does without, of what every stage has by default."""
        if not self.commercial:
            yield "licences.commercial is False: pictures of this stage may not be used commercially"


def aging(models: Iterable[CatalogueEntry]) -> Iterator[str]:
    """A sentence for each model that is not stable, or has a day from which it is not to be used.

    Nothing is compared with today: the same commit gives the same templates. ``atelier doctor`` and ``atelier deploy`` compare.
    """
    for entry in models:
        until = f", not to be used from {entry.retires}" if entry.retires else ""
        if entry.stage != "stable" or until:
            yield f"base model {entry.name} is {entry.stage}{until}: {entry.note}"

"""What pictures say of where they come from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from infra.settings.kinds import check_kinds


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """``marked`` pictures hold an invisible mark in what was painted, which finds their record.

    ``signed`` pictures have a C2PA manifest that a key of the stage's signs. ``prompt`` says whether pictures tell what was asked for.

    Without ``signed`` they say the same in their metadata, which anybody can change.
    """

    signed: bool = True
    marked: bool = True
    prompt: bool = False

    def __post_init__(self) -> None:
        check_kinds(self, "provenance")

    @property
    def loosenings(self) -> Iterator[str]:
        """What the stage does without, of what every stage has by default."""
        if not self.signed:
            yield "provenance.signed is False: pictures have no signed manifest"
        if not self.marked:
            yield "provenance.marked is False: pictures hold no invisible mark"

    @property
    def interfaces(self) -> Mapping[str, str]:
        """The services that the model server calls for it, and what for."""
        return (
            {"kms": "the model server has manifests signed, and its marks' key made"}
            if self.signed or self.marked
            else {}
        )

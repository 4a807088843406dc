"""What a stage asks about the people in pictures."""

from dataclasses import dataclass

from contracts.people import ConsentRule
from infra.settings.kinds import check_kinds


@dataclass(frozen=True, kw_only=True)
class People:
    """With ``consent`` required, no prediction and no training is taken on without the reference of what the person has agreed to."""

    consent: ConsentRule = "optional"

    def __post_init__(self) -> None:
        check_kinds(self, "people")

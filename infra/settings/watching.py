"""Who hears of a stage, and from which costs on."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from infra.settings.kinds import check_kinds
from infra.settings.validation import check, check_text


@dataclass(frozen=True, kw_only=True)
class Watching:
    """``contact`` is the e-mail address that gets the stage's news, alarms and approval requests; empty where nobody does.

    ``monthly_dollars`` is the budget of a month; 0 where there is none.
    """

    contact: str = ""
    monthly_dollars: int = 0

    def __post_init__(self) -> None:
        check_kinds(self, "watching")
        if self.contact:
            check_text("watching.contact", self.contact, r"[^@\s]+@[^@\s]+\.[^@\s]+", "an e-mail address, or nothing")
        good = self.monthly_dollars >= 0
        check(good, "watching.monthly_dollars", got=self.monthly_dollars, allowed="0 (no budget) or more")

    def with_context(self, value_of: Callable[[str], object]) -> "Watching":
        """The same, with the address that the CDK's context says: ``--context contact=you@example.com``. Raises ValueError."""
        contact = value_of("contact")
        return self if contact is None else replace(self, contact=str(contact))

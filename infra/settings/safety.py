"""What a stage's gate lets through. It is closed unless a stage opens it, which synthesis says and the template's outputs show."""

import json
from dataclasses import dataclass
from typing import Literal

from contracts.safety.rules import SafetyRules, Sold
from infra.settings.kinds import check_kinds
from infra.settings.validation import check

LONGEST_RULES = 900
"""Characters of the rules in JSON: SageMaker takes 1,024 as a variable of a container."""


@dataclass(frozen=True, kw_only=True)
class Safety:
    """``sells`` is what is painted because the stage sells it; ``also_refused`` are words that are refused besides.

    ``unchecked`` is what words are no longer looked through for; sexualised children are looked for whatever it says. ``most_bare`` is the
    share (0.1 to 1) of a mask, and of what is painted on a person, that may be bare skin; it counts where it is less than the gate's own.
    """

    sells: tuple[Sold, ...] = ()
    also_refused: tuple[str, ...] = ()
    unchecked: tuple[Literal["nudity", "undressing", "person"], ...] = ()
    most_bare: float = 1.0

    def __post_init__(self) -> None:
        check_kinds(self, "safety")
        longest = f"{LONGEST_RULES} characters in all"
        check(0.1 <= self.most_bare <= 1, "safety.most_bare", got=self.most_bare, allowed="0.1 to 1")
        check(len(self.text) <= LONGEST_RULES, "safety.also_refused", got=self.also_refused, allowed=longest)

    @property
    def rules(self) -> SafetyRules:
        """The same as requests are checked with it. Raises InvalidInputError."""
        return SafetyRules(
            sells=self.sells, also_refused=self.also_refused, unchecked=self.unchecked, most_bare=self.most_bare
        )

    @property
    def text(self) -> str:
        """The rules as functions and containers read them from their environment."""
        return json.dumps(self.rules.to_json(), sort_keys=True)

"""The one error that bad input ends in, wherever it is noticed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Self

from contracts.spelling import spelled


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with some input: where it is, what was got, and what is allowed there.

    ``reason`` names the rule of ``contracts.safety`` by which it is refused: ``words-nudity``; empty where it is only wrong.
    """

    what: str
    got: object
    allowed: str
    reason: str = ""

    def __str__(self) -> str:
        return f"{self.what}: got {self.short}; allowed: {self.allowed}"

    @property
    def short(self) -> str:
        """What was got, at most 120 characters of it, as JSON spells it; ``nothing`` where that is None."""
        return spelled(self.got)

    def to_json(self) -> dict[str, str]:
        """``{"what", "got", "allowed"}``, the form in which HTTP answers list problems, and a ``reason``, if any; ``got`` is shortened."""
        reason = {"reason": self.reason} if self.reason else {}
        return {"what": self.what, "got": self.short, "allowed": self.allowed, **reason}


class InvalidInputError(ValueError):
    """Input that can never succeed: says what was wrong, what was got, and what is allowed. Never retried.

    ``problems`` lists everything that is wrong; ``what``, ``got`` and ``allowed`` are those of the first problem.
    """

    problems: tuple[Problem, ...]

    def __init__(self, what: str, *, got: object, allowed: str) -> None:
        self._set((Problem(what, got, allowed),))

    @classmethod
    def of(cls, problems: Iterable[Problem]) -> Self:
        """One error for several problems, of which there must be at least one."""
        listed = tuple(problems)
        error = cls(listed[0].what, got=listed[0].got, allowed=listed[0].allowed)
        error._set(listed)
        return error

    @property
    def reason(self) -> str:
        """By which rule of ``contracts.safety`` this is refused; empty where it is only wrong."""
        return next((problem.reason for problem in self.problems if problem.reason), "")

    def to_json(self) -> list[dict[str, str]]:
        """Every problem as ``{"what", "got", "allowed"}``."""
        return [problem.to_json() for problem in self.problems]

    def in_names(self, called: Mapping[str, str]) -> "InvalidInputError":
        """The error as somebody reads it who has never heard of our fields: ``called`` are his names of them. What is then said twice is
        said once."""
        known: list[Problem] = []
        for problem in self.problems:
            named = replace(problem, what=called.get(problem.what, problem.what.removeprefix("input.")))
            known += [] if named in known else [named]
        return InvalidInputError.of(known)

    def _set(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        self.what, self.got, self.allowed = problems[0].what, problems[0].got, problems[0].allowed
        self.args = (_listed(problems),)


def _listed(problems: tuple[Problem, ...]) -> str:
    if len(problems) == 1:
        return str(problems[0])
    numbered = [f"({number}) {problem}" for number, problem in enumerate(problems, start=1)]
    return f"{len(problems)} problems: {'; '.join(numbered)}"

"""What the doctor found: one line each, with what to do about it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum


class Mark(Enum):
    """How much a finding matters."""

    GOOD = "✓"
    NOTE = "·"
    """To be known; nothing has to be done."""
    TO_USE = "!"
    """The stage can be deployed, but part of it not be used."""
    TO_DEPLOY = "✗"
    """The stage cannot be deployed."""


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """``what`` was looked at, what it ``says``, and what to ``do``: a sentence or a command; empty where nothing has to be done."""

    mark: Mark
    what: str
    says: str
    do: str = ""

    def __str__(self) -> str:
        line = f"{self.mark.value} {self.what:<12} {self.says}"
        return f"{line}\n{'':15}→ {self.do}" if self.do else line


def conclusion(findings: Iterable[Diagnosis]) -> str:
    """The last line of the report: whether the stage can be deployed, and used."""
    marks = [finding.mark for finding in findings]
    deploy, use = marks.count(Mark.TO_DEPLOY), marks.count(Mark.TO_USE)
    if deploy:
        return f"Cannot be deployed: {deploy} of the lines above begin with ✗."
    if use:
        return f"Can be deployed. Not all of it can be used: {use} of the lines above begin with !."
    return "Can be deployed and used."

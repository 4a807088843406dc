"""What the gate has to say of one place: what is wrong there, and what to do."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, order=True)
class Finding:
    """``place`` is ``stage Stack/LogicalId (construct/path)`` for a template, ``file:line`` for a source; ``check`` names the rule."""

    place: str
    check: str
    wrong: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.place}: {self.check}: {self.wrong}. {self.remedy}."

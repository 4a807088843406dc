"""What is to be known of a dataset's pictures before anything is learnt from them, and what to do about it.

The step that decodes every picture writes it, ``runs/{run}/segment/advice.json``; the API, the command line and the report show it.
"""

import json
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self

from contracts.declarations import about, listed
from contracts.model import Contract

ADVICE = "advice.json"

Matter = Literal["count", "size", "blur", "duplicates", "garment", "view", "people"]


class Advice(Contract):
    """One thing to know. What cannot be learnt from is an error of the step, and not among these."""

    matter: Annotated[
        Matter,
        about(
            "count: few pictures; size: fewer pixels than the model paints; blur; duplicates: one picture several times; garment: it is "
            "too small; view: all from one side; people: what may be faces"
        ),
    ]
    level: Annotated[
        Literal["warning", "note"], about("a warning says that the style will be worse for it; neither stops the run")
    ]
    found: Annotated[str, about("what was found, in words and numbers")]
    do: Annotated[str, about("what to do about it")]
    pictures: Annotated[tuple[str, ...], listed("the pictures it is about, by name; none: all of them")] = ()

    def __str__(self) -> str:
        """In one line."""
        return f"{self.found}: {self.do}"


class DatasetAdvice(Contract):
    """``advice.json``."""

    document: ClassVar[str] = ADVICE

    advice: Annotated[tuple[Advice, ...], listed("warnings first")] = ()

    def write(self, folder: Path) -> None:
        """Write ``advice.json`` into a folder."""
        text = json.dumps(self.model_dump(mode="json"), indent=2, ensure_ascii=False) + "\n"
        (folder / ADVICE).write_text(text, encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Self:
        """A folder's ``advice.json``; empty where a run that began earlier left none. Raises InvalidInputError."""
        path = folder / ADVICE
        return cls.from_text(path.read_text(encoding="utf-8")) if path.is_file() else cls()

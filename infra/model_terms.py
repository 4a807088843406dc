"""On what terms each model of the catalogue may be used, for a table."""

from contracts.terms import in_words
from models.catalogue import CATALOGUE

TITLES = ["model", "licence", "use", "stage", "retires", "why"]


def rows() -> list[list[str]]:
    """A row for each: its licence with the address of its text, in Markdown."""
    return [
        [
            f"`{entry.name}`",
            f"[{entry.licence.name}]({entry.licence.text})",
            in_words(entry.licence.commercial, restricted=entry.licence.restricted),
            entry.stage,
            entry.retires or "",
            entry.note,
        ]
        for entry in CATALOGUE.values()
    ]

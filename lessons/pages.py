"""Writes docs/learn: each page is a text of lessons/texts, in which ``{noise[kept_percent][1]}`` stands for a measured number.

Texts are no Markdown files, of which each would be a page of the site.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lessons.trainings.results import TrainingResults
from lessons.trainings.tried import TRIED

LEARN = Path(__file__).parents[1] / "docs" / "learn"
NUMBERS = LEARN / "numbers.json"
TEXTS = Path(__file__).parent / "texts"


def texts() -> list[Path]:
    """The texts, English and Korean, by where they lie below TEXTS; a page lies in the same place below LEARN."""
    return sorted(path.relative_to(TEXTS) for path in TEXTS.rglob("*.txt"))


def page_of(text: Path) -> Path:
    """Where the page of a text is written."""
    return (LEARN / text).with_suffix(".md")


def numbers() -> dict[str, Any]:
    """All that a text may tell: what the figures left in NUMBERS, and ``tips``, by way to train and score, with its spread."""
    results = TrainingResults()
    unknown = {name for name, _ in results.missing()}
    tips = {name: results.spread(name) for name in TRIED if name not in unknown}
    return {**json.loads(NUMBERS.read_text(encoding="utf-8")), "tips": tips}


def rendered(text: Path, told: Mapping[str, Any]) -> str:
    """A page with its numbers. Raises KeyError where a text asks for one that there is not."""
    origin = (
        f"<!-- Written by make learn from lessons/texts/{text.as_posix()} and what was measured: change that. -->\n"
    )
    return origin + (TEXTS / text).read_text(encoding="utf-8").format_map(told)


def write_pages() -> None:
    """Write every page anew."""
    told = numbers()
    for text in texts():
        page_of(text).parent.mkdir(parents=True, exist_ok=True)
        page_of(text).write_text(rendered(text, told), encoding="utf-8")

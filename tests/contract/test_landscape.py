"""docs/learn/landscape.md and its Korean twin: what they say of the catalogue is so, each row has a source, and both say the same."""

import re
from pathlib import Path

import pytest

from models.catalogue import CATALOGUE

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "learn"
PAGES = {"en": FOLDER / "landscape.md", "ko": FOLDER / "ko" / "landscape.md"}


def tables(language: str) -> list[list[list[str]]]:
    """The tables of a page, each a list of rows of cells, without its heading."""
    found: list[list[list[str]]] = []
    last = ""
    for line in PAGES[language].read_text(encoding="utf-8").splitlines():
        if line.startswith("|"):
            if not last.startswith("|"):
                found.append([])
            found[-1].append([cell.strip() for cell in line.strip("|").split(" | ")])
        last = line
    return [rows[2:] for rows in found]


@pytest.mark.parametrize("language", PAGES)
def test_what_is_served_is_the_catalogue_s(language: str) -> None:
    served, *_ = tables(language)
    said = {
        name.strip("`"): (int(re.split(r"\D", pixels)[0]), memory, licence)
        for name, _, _, pixels, memory, licence in served
    }
    painting = [entry for entry in CATALOGUE.values() if entry.task not in ("segment", "caption")]
    assert said == {
        entry.name: (entry.resolution, f"{entry.memory_gib:g} GiB", entry.licence.name) for entry in painting
    }


@pytest.mark.parametrize("language", PAGES)
def test_each_row_has_a_source_that_a_reader_can_open(language: str) -> None:
    _, weights, hosted = tables(language)
    assert len(weights) > 14
    assert len(hosted) > 7
    assert [row[0] for row in [*weights, *hosted] if not re.search(r"\]\((https://|\.\./)", row[-1])] == []


def test_both_languages_name_the_same_models_sources_and_days() -> None:
    for english, korean in zip(tables("en"), tables("ko"), strict=True):
        assert len(english) == len(korean)
        for ours, theirs in zip(english, korean, strict=True):
            links = [set(re.findall(r"\]\((https://[^)]+)\)", " ".join(row))) for row in (ours, theirs)]
            assert links[0] == links[1], ours[0]
            days = [set(re.findall(r"\d{4}-\d{2}-\d{2}", " ".join(row))) for row in (ours, theirs)]
            assert days[0] <= days[1], ours[0]

"""README.ko.md does not fall behind README.md: the same sections, commands, tables, numbers, links and names of code, in the same order."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ENGLISH, KOREAN = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.ko.md"))
BLOCK = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
ONLY_THERE = {"README.ko.md", "README.md", "README.md#try-it"}
"""The links from either page to the other."""


def sections(text: str) -> list[str]:
    """What stands before the first heading of the second rank, and under each of them, without blocks of code."""
    return re.split(r"^## ", BLOCK.sub("", text), flags=re.MULTILINE)


PAIRS = list(zip(sections(ENGLISH), sections(KOREAN), strict=True))


def links(text: str) -> list[str]:
    found = re.findall(r"\]\(([^)]+)\)|src=\"([^\"]+)\"", text)
    return sorted(each for pair in found for each in pair if each and each not in ONLY_THERE)


def test_the_commands_are_the_same() -> None:
    """What a command prints stands in the English one only."""
    commands = [block for block in BLOCK.findall(ENGLISH) if not block.startswith("```text")]
    assert len(commands) > 7
    assert BLOCK.findall(KOREAN) == commands


@pytest.mark.parametrize(("ours", "theirs"), PAIRS, ids=[ours.partition("\n")[0] or "top" for ours, _ in PAIRS])
def test_a_section_has_the_same_links_rows_numbers_and_names(ours: str, theirs: str) -> None:
    assert links(theirs) == links(ours)
    rows = [[line.count("|") for line in text.splitlines() if line.startswith("|")] for text in (ours, theirs)]
    assert rows[1] == rows[0]
    names = [set(re.findall(r"`([^`]+)`", text)) for text in (ours, theirs)]
    assert {name for name in names[0] - names[1] if not re.search(r"\bits name\b", name)} == set()
    numbers = [sorted(re.findall(r"\d+(?:[.,]\d+)*", re.sub(r"\]\([^)]*\)", "", text))) for text in (ours, theirs)]
    assert [number for number in numbers[0] if number not in numbers[1]] == []
    steps = [re.findall(r"^(\d+)\. ", text, re.MULTILINE) for text in (ours, theirs)]
    assert steps[1] == steps[0]


def test_it_is_written_in_korean() -> None:
    prose = re.sub(r"`[^`]*`|\]\([^)]*\)|<[^>]+>", "", BLOCK.sub("", KOREAN))
    korean, latin = (len(re.findall(letters, prose)) for letters in ("[가-힣]", "[A-Za-z]"))
    assert korean > 2 * latin

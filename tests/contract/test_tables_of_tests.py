"""docs/local-cloud.md and docs/security.md: every rule and every threat has a source or an answer, and tests that exist."""

import re
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    ("page", "header"),
    [
        ("local-cloud.md", ["rule", "source", "test"]),
        ("security.md", ["threat", "what stands in the way", "test"]),
    ],
)
def test_every_row_has_a_reason_and_tests_that_exist(page: str, header: list[str], root: Path) -> None:
    rows = [
        row for table in tables((root / "docs" / page).read_text("utf-8")) if table[0] == header for row in table[2:]
    ]
    assert len(rows) > 15
    for row, reason, tests in rows:
        assert reason, row
        names = re.findall(r"`(tests/\S+\.py)::(test_\w+)`", tests)
        assert names, row
        for path, name in names:
            assert f"\ndef {name}(" in (root / path).read_text("utf-8"), f"{row}: {path}::{name}"


def tables(page: str) -> list[list[list[str]]]:
    """The tables of a page: lines of cells, the header first."""
    found = re.findall(r"(?:^\|.*\n)+", page, re.MULTILINE)
    return [[[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()] for text in found]

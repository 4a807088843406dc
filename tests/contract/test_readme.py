"""What the README says is what the code does: its commands and folders."""

import re
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def readme() -> str:
    return (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")


def table(readme: str, heading: str) -> list[list[str]]:
    """The cells of the first table under a heading, its header row first, code marks removed."""
    section = readme.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip().replace("`", "") for cell in row] for row in rows if not set("".join(row)) <= set("- :")]


def test_every_make_command_of_the_readme_is_a_target(readme: str, root: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (root / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"(?:^\$ |[`>])make ([a-z-]+)", readme, re.MULTILINE))
    assert named >= {"demo", "test", "deploy", "destroy"}
    assert named <= targets


def test_every_folder_of_the_layout_table_is_there(readme: str, root: Path) -> None:
    folders = [name for row in table(readme, "Where things are")[1:] for name in row[0].split()]
    assert len(folders) > 8
    assert [name for name in folders if not (root / name).exists()] == []

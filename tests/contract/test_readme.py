"""What the README says is what the code does: its commands and folders."""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"


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


TYPED = ("make ", "curl ", "export ", ".venv/bin/")
"""How a command begins that works in a clean checkout: no tool that nobody has installed, and none of another version."""


@pytest.mark.parametrize("page", ["README.md", *sorted(f"docs/{page.name}" for page in DOCS.glob("*.md"))])
def test_every_command_of_a_page_is_a_make_target_or_needs_no_installation(page: str, root: Path) -> None:
    text = (root / page).read_text(encoding="utf-8")
    typed = re.findall(r"^\$ (.+)$", text, re.MULTILINE)
    assert [line for line in typed if not line.startswith(TYPED)] == []
    targets = set(re.findall(r"^([a-z-]+):", (root / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert {name for line in typed for name in re.findall(r"\bmake (?:-s )?([a-z-]+)", line)} <= targets


def test_every_folder_of_the_layout_table_is_there(readme: str, root: Path) -> None:
    folders = [name for row in table(readme, "Where things are")[1:] for name in row[0].split()]
    assert len(folders) > 8
    assert [name for name in folders if not (root / name).exists()] == []

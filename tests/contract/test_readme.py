"""What the README says is what the code does: its commands, folders, costs and stages."""

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest

from infra.config import STAGES
from infra.costs import report


@pytest.fixture(scope="module")
def readme() -> str:
    return (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")


def table(readme: str, heading: str) -> list[list[str]]:
    """The cells of the first table under a heading, its header row first, code marks removed."""
    section = readme.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip().replace("`", "") for cell in row] for row in rows if not set("".join(row)) <= set("- :")]


def settings(value: Any, prefix: str = "") -> dict[str, str]:
    """Every setting of a stage by its dotted name, as the README writes it."""
    found: dict[str, str] = {}
    for field in dataclasses.fields(value):
        inner = getattr(value, field.name)
        if dataclasses.is_dataclass(inner):
            found |= settings(inner, f"{prefix}{field.name}.")
        else:
            found[prefix + field.name] = ", ".join(inner) if isinstance(inner, tuple) else str(inner)
    return found


def test_every_make_command_of_the_readme_is_a_target(readme: str, root: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (root / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"\bmake ([a-z-]+)", readme)) - {"them"}
    assert named >= {"demo", "test", "deploy", "destroy"}
    assert named <= targets


def test_the_stage_table_is_the_configuration(readme: str) -> None:
    header, *rows = table(readme, "Stages")
    assert header == ["setting", *STAGES]
    written = {row[0]: row[1:] for row in rows}
    actual = {name: [settings(stage)[name] for stage in STAGES.values()] for name in settings(STAGES["local"])}
    assert written == {name: values for name, values in actual.items() if name != "name"}


@pytest.mark.parametrize("stage", ["trial", "dev"])
def test_the_costs_are_what_make_costs_prints(readme: str, stage: str) -> None:
    for line in report(STAGES[stage]).splitlines():
        assert line in readme


def test_every_folder_of_the_layout_table_is_there(readme: str, root: Path) -> None:
    folders = [name for row in table(readme, "Where things are")[1:] for name in row[0].split()]
    assert len(folders) > 8
    assert [name for name in folders if not (root / name).exists()] == []


def test_every_picture_and_page_that_is_linked_is_there(readme: str, root: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", readme)
    assert links
    assert [link for link in links if not (root / link).exists()] == []

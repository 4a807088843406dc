"""docs/commands.md has every command, and each example is a line that its command reads."""

import shlex
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from cli.app import COMMANDS, make_app
from cli.examples import EXAMPLES
from cli.options import read_options
from contracts.prediction import PredictionInput
from contracts.pretraining import PretrainingInput
from contracts.requests import EvaluationRequest, TrainingInput

NAMES = [command.__name__ for commands in COMMANDS.values() for command in commands]
CONTRACTS: dict[str, Any] = {"train": TrainingInput, "evaluate": EvaluationRequest, "pretrain": PretrainingInput}


def test_every_command_has_an_example_and_no_other_has() -> None:
    assert list(EXAMPLES) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_an_example_is_read_by_its_command(name: str) -> None:
    group: Any = get_command(make_app())
    first, *words = shlex.split(EXAMPLES[name])
    assert first == name
    context = group.commands[name].make_context(name, words)
    fields = context.meta.get("cli.options", {})
    values = read_options(fields, CONTRACTS.get(name, PredictionInput))
    for field, text in fields.items():
        inner: Any = values
        for part in field.split("."):
            inner = inner[part]
        assert str(inner) == text


def test_every_command_and_every_option_is_on_the_page(root: Path) -> None:
    page = (root / "docs" / "commands.md").read_text(encoding="utf-8")
    group: Any = get_command(make_app())
    for name in NAMES:
        part = page.split(f"### atelier {name}\n", 1)[1].split("\n### ", 1)[0]
        command = group.commands[name]
        options = {opt for p in command.get_params(command.context_class(command, info_name=name)) for opt in p.opts}
        assert [o for o in options if o.startswith("-") and o not in ("-h", "--help") and f"`{o}`" not in part] == []

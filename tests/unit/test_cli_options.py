"""An execution's options: each field of its contract is one, and its values are the contract's to judge."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import pytest
import typer
from typer.main import get_command

from cli.options import command_class, given, read_options, takes_fields_of
from contracts.declarations import about, bounds
from contracts.errors import InvalidInputError
from contracts.model import Contract


class Inner(Contract):
    steps: Annotated[int, bounds(1, 500, "optimizer steps")] = 50
    share: Annotated[float | None, bounds(0, 1, "100 % is 1")] = None


class Outer(Contract):
    name: str = ""
    colour: Annotated[Literal["red", "blue"], about("of the cloth")] = "red"
    inner: Inner = Inner()
    perhaps: Annotated[Inner | None, about("left out: nothing")] = None
    marks: Annotated[Mapping[str, float], about("of the judges")] = {}


def run(*words: str) -> dict[str, Any]:
    read: dict[str, Any] = {}

    @takes_fields_of(lambda: Outer, without=("name",))
    def command(context: typer.Context) -> None:
        """Read its options."""
        read.update(read_options(given(context), Outer))

    app = typer.Typer(add_completion=False)
    app.command(cls=command_class(command))(command)
    get_command(app).main(list(words), prog_name="command", standalone_mode=False)
    return read


def test_each_field_is_an_option_with_its_own_words(capsys: pytest.CaptureFixture[str]) -> None:
    run("--help")
    text = " ".join(capsys.readouterr().out.split())
    assert "--colour red|blue of the cloth" in text
    assert "--inner.steps INTEGER optimizer steps" in text
    assert "--inner.share NUMBER 100 % is 1" in text
    assert "--marks JSON" in text
    assert "--perhaps.steps INTEGER" in text
    assert "--name" not in text


def test_options_become_the_json_that_the_contract_reads() -> None:
    assert run() == {}
    words = ("--inner.steps", "4", "--colour", "blue", "--marks", '{"a": 1}', "--inner.share", "0.5")
    assert run("--perhaps.steps", "4") == {"perhaps": {"steps": 4}}
    assert run(*words) == {"inner": {"steps": 4, "share": 0.5}, "colour": "blue", "marks": {"a": 1}}


def test_every_bad_value_is_named_by_its_field() -> None:
    with pytest.raises(InvalidInputError) as refused:
        Outer.from_json(run("--inner.steps", "many", "--colour", "green"))
    assert [problem.what for problem in refused.value.problems] == ["input.colour", "input.inner.steps"]

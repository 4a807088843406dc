"""An execution's options: each field of its contract is one, and its values are the contract's to judge."""

import argparse
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import pytest

from cli.options import add_options, read_options
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
    marks: Annotated[Mapping[str, float], about("of the judges")] = {}


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    add_options(parser, Outer, without=("name",))
    return parser


def read(*words: str) -> dict[str, Any]:
    return read_options(parser().parse_args(words), Outer)


def test_each_field_is_an_option_with_its_own_words() -> None:
    text = " ".join(parser().format_help().split())
    assert "--colour {red,blue} of the cloth" in text
    assert "--inner.steps INTEGER optimizer steps" in text
    assert "--inner.share NUMBER 100 % is 1" in text
    assert "--marks JSON" in text
    assert "--name" not in text


def test_options_become_the_json_that_the_contract_reads() -> None:
    assert read() == {}
    words = ("--inner.steps", "4", "--colour", "blue", "--marks", '{"a": 1}', "--inner.share", "0.5")
    assert read(*words) == {"inner": {"steps": 4, "share": 0.5}, "colour": "blue", "marks": {"a": 1}}


def test_every_bad_value_is_named_by_its_field() -> None:
    with pytest.raises(InvalidInputError) as refused:
        Outer.from_json(read("--inner.steps", "many", "--colour", "green"))
    assert [problem.what for problem in refused.value.problems] == ["input.colour", "input.inner.steps"]

"""What every contract does: strict types, nothing coerced, all problems at once, and what counts as left out."""

import contextlib
import math
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import model
from contracts.batches import BatchResumptionRequest
from contracts.declarations import about, bounds, listed, text
from contracts.errors import InvalidInputError, Problem
from contracts.execution import ExecutionInput
from contracts.model import Check, Contract, json_schema, rule
from contracts.prediction import PredictionInput
from contracts.reading import MOST_PROBLEMS
from contracts.requests import RequestBody


class Inner(Contract):
    side: Annotated[int | None, bounds(64, 2048, "of the picture", unit="pixels", multiple_of=8)] = None
    share: Annotated[float, bounds(0, 1)] = 0.5


class Outer(Contract):
    document: ClassVar[str] = "body"
    aliases: ClassVar[dict[str, str]] = {"title": "name"}

    name: Annotated[str, text("a name", longest=5, pattern="[a-z]+")] = ""
    words: Annotated[str, text("words", longest=9)] = ""
    colour: Annotated[Literal["red", "blue"], about("of it")] = "red"
    flag: bool = False
    inner: Inner = Inner()
    tags: Annotated[tuple[Annotated[str, text("a tag", longest=3)], ...], listed()] = ()
    picture: Annotated[str, about("a picture")] = ""
    needed: Annotated[int, bounds(0, 9)]

    @rule
    def _red_has_a_name(self) -> Iterator[Problem]:
        if self.colour == "red" and not self.name:
            yield Problem("name", self.name, "a name, because it is red")

    @rule
    def _no_flag_below_half(self) -> Iterator[Problem]:
        if self.flag and self.inner.share < 0.5:
            yield Problem("inner.share", self.inner.share, "0.5 or more, because flag is set")


GOOD = {"needed": 1, "name": "a"}


def problems(data: Any) -> list[tuple[str, object, str]]:
    with pytest.raises(InvalidInputError) as caught:
        Outer.from_json(data)
    return [(each.what, each.got, each.allowed) for each in caught.value.problems]


@pytest.mark.parametrize("value", ["512", 512.5, 1e300, True, 63, 2056, 65, [], {}])
def test_an_integer_is_never_guessed(value: Any) -> None:
    expected = "an integer from 64 to 2048, a multiple of 8"
    assert problems({**GOOD, "inner": {"side": value}}) == [("body.inner.side", value, expected)]


@pytest.mark.parametrize("value", [512, 512.0])
def test_an_integer_may_be_written_with_a_point(value: Any) -> None:
    side = Outer.from_json({**GOOD, "inner": {"side": value}}).inner.side
    assert (side, type(side)) == (512, int)


def _contracts(base: type[Contract]) -> Iterator[type[Contract]]:
    for each in base.__subclasses__():
        yield each
        yield from _contracts(each)


def test_what_the_schema_calls_an_integer_may_be_written_with_a_point_in_every_body() -> None:
    """JSON Schema calls 50.0 an integer: who reads ours may send it, however the field is declared."""
    assert issubclass(BatchResumptionRequest, RequestBody)
    bodies = [each for each in _contracts(RequestBody) if each.__module__.startswith("contracts.")]
    declared = [
        (body.__name__, name)
        for body in bodies
        for name, said in json_schema(body).get("properties", {}).items()
        if "integer" in {each.get("type") for each in (said, *said.get("anyOf", ()))}
    ]
    taken = [(body.__name__, name) for body in bodies for name in model._integers(body)]
    assert ("BatchResumptionRequest", "concurrency") in taken
    assert set(declared) == set(taken)


@pytest.mark.parametrize("value", ["0.5", True, math.inf, -0.1, 1.1])
def test_a_number_is_finite_and_in_range(value: Any) -> None:
    assert problems({**GOOD, "inner": {"share": value}}) == [("body.inner.share", value, "a number from 0 to 1")]


def test_not_a_number_is_none() -> None:
    ((what, _, allowed),) = problems({**GOOD, "inner": {"share": math.nan}})
    assert (what, allowed) == ("body.inner.share", "a number from 0 to 1")


def test_an_integer_is_a_number() -> None:
    assert Outer.from_json({**GOOD, "inner": {"share": 1}}).inner.share == 1.0


@pytest.mark.parametrize("value", ["x" * 6, 3, "A", "ab\n", " "])
def test_text_has_a_length_and_a_pattern_that_matches_in_full(value: Any) -> None:
    assert problems({**GOOD, "name": value})[0] == ("body.name", value, "a name, 1 to 5 characters matching [a-z]+")


def test_text_is_not_only_spaces() -> None:
    for blank in ("  ", "\u200b", " \u2028\ufeff"):
        assert problems({**GOOD, "words": blank}) == [("body.words", blank, "words, 1 to 9 characters")]


@pytest.mark.parametrize("value", [1, 0, "true"])
def test_a_boolean_is_one(value: Any) -> None:
    assert problems({**GOOD, "flag": value}) == [("body.flag", value, "true | false")]


@pytest.mark.parametrize("value", ["green", "", ["red"], {"red": 1}, 1])
def test_a_choice_is_one_of_those_named(value: Any) -> None:
    assert problems({**GOOD, "colour": value}) == [("body.colour", value, "red | blue")]


def test_a_list_names_the_item_that_is_wrong() -> None:
    assert Outer.from_json({**GOOD, "tags": ["a", "b"]}).tags == ("a", "b")
    assert problems({**GOOD, "tags": ["a", 7]}) == [("body.tags[1]", 7, "a tag, 1 to 3 characters")]
    assert problems({**GOOD, "tags": "ab"}) == [("body.tags", "ab", "a JSON list")]


@pytest.mark.parametrize("data", [None, [], "x", 3])
def test_an_object_is_required(data: Any) -> None:
    assert problems(data) == [("body", data, "a JSON object")]
    if data is not None:
        assert problems({**GOOD, "inner": data}) == [("body.inner", data, "a JSON object")]


@pytest.mark.parametrize("empty", [{}, {"inner": {}, "tags": [], "name": "", "words": ""}])
@pytest.mark.parametrize("null", [{}, {"inner": None, "tags": None, "colour": None, "flag": None, "words": None}])
def test_null_and_an_empty_text_are_the_same_as_left_out(empty: dict[str, Any], null: dict[str, Any]) -> None:
    assert Outer.from_json({**empty, **null, **GOOD}) == Outer.from_json(GOOD)
    assert Outer.from_json({**GOOD, "inner": {"side": None}}) == Outer.from_json(GOOD)


def test_a_missing_key_is_named_and_null_is_missing() -> None:
    assert problems({"name": "a"}) == [("body: missing key 'needed'", ["name"], "needed is required")]
    assert problems({"name": "a", "needed": None})[0][0] == "body: missing key 'needed'"


def test_an_unknown_key_is_refused_with_the_nearest_known_one() -> None:
    known = "colour, flag, inner, name, needed, picture, tags, words"
    assert problems({**GOOD, "color": "red"}) == [("body: unknown key", "color", f"{known}; nearest: colour")]
    assert problems({**GOOD, "q": 1}) == [("body: unknown key", "q", known)]
    assert problems({**GOOD, "inner": {"sides": 8}}) == [
        ("body.inner: unknown key", "sides", "share, side; nearest: side")
    ]


@pytest.mark.parametrize("key", ["\ud800", 1, None, "k" * 10_000])
@pytest.mark.parametrize("value", ["", 1, {}])
def test_a_key_that_no_document_has_is_refused_whatever_it_is(key: Any, value: Any) -> None:
    assert problems({**GOOD, key: value})
    assert len(problems({key: value, "name": 5})) >= 3


def test_an_alias_stands_for_its_field_and_may_not_contradict() -> None:
    assert Outer.from_json({"needed": 1, "title": "a"}) == Outer.from_json(GOOD)
    ((what, _, allowed),) = problems({**GOOD, "title": "b"})
    assert (what, allowed) == ("body.title", "one of them: title is an alias")
    assert Outer.from_json({**GOOD, "title": None}) == Outer.from_json(GOOD)


def test_everything_that_is_wrong_is_said_at_once() -> None:
    wrong = {"flag": True, "inner": {"side": 1, "share": "x"}, "tags": [""], "words": 5, "unknown": 1}
    assert {what for what, _, _ in problems(wrong)} == {
        *("body: missing key 'needed'", "body: unknown key", "body.inner.side", "body.inner.share"),
        *("body.tags[0]", "body.words", "body.name"),
    }


def test_rules_run_on_the_fields_that_are_right_and_no_others() -> None:
    whats = [what for what, _, _ in problems({"needed": "1", "flag": True, "inner": {"share": 0.1}, "colour": "green"})]
    assert whats == ["body.colour", "body.needed", "body.inner.share"]  # red or not, nobody knows


def test_of_very_many_problems_the_first_are_listed_and_the_rest_counted() -> None:
    found = problems({**GOOD, **{f"key-{number}": 1 for number in range(5_000)}})
    assert len(found) == MOST_PROBLEMS + 1
    assert found[0][0] == "body: unknown key"
    assert found[-1] == ("body", f"{5_000 - MOST_PROBLEMS} more problems", "none")


def test_one_problem_reads_as_ever_and_several_are_numbered() -> None:
    with pytest.raises(InvalidInputError, match=r"^body\.flag: got 1; allowed: true \| false$"):
        Outer.from_json({**GOOD, "flag": 1})
    with pytest.raises(
        InvalidInputError, match=r"^2 problems: \(1\) body\.colour: got 'c'; .*; \(2\) body\.flag: got 1;"
    ):
        Outer.from_json({**GOOD, "flag": 1, "colour": "c"})


def test_the_first_problem_is_the_errors_own() -> None:
    error = InvalidInputError.of([Problem("a", 1, "2"), Problem("b", "x" * 500, "y")])
    assert (error.what, error.got, error.allowed) == ("a", 1, "2")
    assert error.to_json()[0] == {"what": "a", "got": "1", "allowed": "2"}
    assert len(error.to_json()[1]["got"]) == 120


def test_a_long_value_is_shortened_in_the_message() -> None:
    for value in ("x" * 10_000, ["x" * 10_000], {"x": ["x" * 10_000]}):
        assert len(str(InvalidInputError("where", got=value, allowed="less"))) < 200


def test_no_part_of_a_picture_is_echoed() -> None:
    with pytest.raises(InvalidInputError) as caught:
        PredictionInput.from_json({"prompt": "p", "image": " " * 1000, "mask": [], "seed": -1, "search_prompt": "s"})
    assert ("input.image", "1000 characters") in [(each.what, each.got) for each in caught.value.problems]


def test_what_was_given_is_told_from_what_was_not() -> None:
    read = ExecutionInput.from_json(
        {"style": "s", "dataset": "s3://b/", "target": "t", "hyperparameters": {"seed": 0, "epochs": None}}
    )
    assert read.hyperparameters.explicit_values() == {"seed": 0}


def test_a_value_alone_is_checked_like_a_field() -> None:
    share = Check(Annotated[float, bounds(0.001, 0.5)])
    assert share("held-out", 0.5) == 0.5
    with pytest.raises(InvalidInputError, match=r"^held-out: got '0\.5'; allowed: a number from 0\.001 to 0\.5$"):
        share("held-out", "0.5")


def test_a_schema_says_what_was_declared_and_no_more() -> None:
    declared = json_schema(Outer)["properties"]
    side = json_schema(Inner)["properties"]["side"]
    assert side == {
        "description": "of the picture",
        "minimum": 64,
        "maximum": 2048,
        "multipleOf": 8,
        "type": "integer",
        "x-unit": "pixels",
    }
    assert declared["flag"] == {"default": False, "type": "boolean"}
    assert declared["picture"] == {"description": "a picture", "type": "string"}
    assert json_schema(Outer)["required"] == ["needed"]
    assert json_schema(Outer)["additionalProperties"] is False


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(data=st.dictionaries(st.sampled_from([*Outer.model_fields, "title", "other"]), json_values, max_size=6))
def test_whatever_json_holds_is_read_or_refused(data: dict[str, Any]) -> None:
    with contextlib.suppress(InvalidInputError):
        Outer.from_json(data)

"""Strict reading of JSON: one type and a range a value, unknown keys refused, errors that say what, got and allowed."""

import contextlib
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import InvalidInputError
from contracts.fields import Check, boolean, integer, number, one_of, only_keys, read, text

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def refused(check: Check, value: Any) -> str:
    with pytest.raises(InvalidInputError) as caught:
        check("where", value)
    assert str(caught.value).startswith("where: got ")
    assert "; allowed: " in str(caught.value)
    return caught.value.allowed


@pytest.mark.parametrize("value", ["512", 512.0, True, None, 63, 2049, 65])
def test_an_integer_is_never_guessed(value: Any) -> None:
    assert "64 to 2048, a multiple of 8" in refused(integer(64, 2048, multiple_of=8), value)


@pytest.mark.parametrize("value", ["0.5", True, None, math.nan, math.inf, -0.1, 1.1])
def test_a_number_is_finite_and_in_range(value: Any) -> None:
    assert refused(number(0, 1), value) == "a number from 0 to 1"


def test_an_integer_is_a_number() -> None:
    assert number(0, 10)("where", 3) == 3.0


@pytest.mark.parametrize("value", ["", "  ", "x" * 6, None, 3, "A"])
def test_text_has_a_length_and_a_pattern(value: Any) -> None:
    refused(text(longest=5, pattern="[a-z]+"), value)


def test_a_pattern_must_match_in_full() -> None:
    refused(text(longest=50, pattern="[a-z]+"), "abc\n")


@pytest.mark.parametrize("value", [1, 0, "true", None])
def test_a_boolean_is_one(value: Any) -> None:
    assert refused(boolean(), value) == "true | false"


@pytest.mark.parametrize("value", ["c", "", None, ["a"], {"a": 1}])
def test_a_choice_is_one_of_those_named(value: Any) -> None:
    assert refused(one_of("a", "b"), value) == "a | b"


@given(value=json_values)
def test_whatever_json_holds_is_checked_or_refused(value: Any) -> None:
    for check in (integer(0, 9), number(0, 9), text(longest=9), boolean(), one_of("a")):
        with contextlib.suppress(InvalidInputError):
            check("where", value)


@pytest.mark.parametrize("data", [None, [], "x", 3])
def test_an_object_is_required(data: Any) -> None:
    with pytest.raises(InvalidInputError, match="a JSON object"):
        only_keys("where", data, ["a"])


def test_unknown_and_missing_keys_are_named() -> None:
    with pytest.raises(InvalidInputError, match=r"unknown key: got 'c'; allowed: a, b"):
        only_keys("where", {"c": 1}, ["b", "a"])
    with pytest.raises(InvalidInputError, match="missing key 'b'"):
        only_keys("where", {"a": 1}, ["a", "b"], required=["b"])


def test_reading_names_the_key_and_leaves_out_what_was_not_given() -> None:
    checks = {"a": integer(0, 9), "b": boolean()}
    assert read("where", {"a": 3}, checks) == {"a": 3}
    with pytest.raises(InvalidInputError, match=r"where\.a: got 'x'"):
        read("where", {"a": "x"}, checks)


def test_a_long_value_is_shortened_in_the_message() -> None:
    message = str(InvalidInputError("where", got="x" * 10_000, allowed="less"))
    assert len(message) < 200
    assert "…" in message

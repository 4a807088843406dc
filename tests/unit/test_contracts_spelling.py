"""What messages say was got is spelled as JSON and people spell it."""

from pathlib import Path

import pytest

from contracts.errors import InvalidInputError
from contracts.spelling import spelled


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "nothing"),
        (True, "true"),
        ("a skirt", "'a skirt'"),
        ("치마", "'치마'"),
        (12, "12"),
        (0.5, "0.5"),
        (float("nan"), "NaN"),
        (float("-inf"), "-Infinity"),
        (b"hello", "the bytes 'hello'"),
        (b"\xff\xd8\xff", "the bytes ff d8 ff"),
        ([None, False, "a"], "[null, false, 'a']"),
        ((1, True), "[1, true]"),
        ({"a": None, "b": [True]}, "{'a': null, 'b': [true]}"),
        (Path("a/b"), "'a/b'"),
    ],
)
def test_nothing_is_spelled_as_python_does(value: object, text: str) -> None:
    assert spelled(value) == text
    assert str(InvalidInputError("it", got=value, allowed="else")) == f"it: got {text}; allowed: else"


@pytest.mark.parametrize("value", ["a" * 1_000, ["a" * 1_000] * 9, {"a" * 999: "b" * 999}, b"a" * 1_000, range(10**9)])
def test_what_is_long_is_cut(value: object) -> None:
    assert len(spelled(value)) <= 120

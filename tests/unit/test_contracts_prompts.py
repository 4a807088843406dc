"""A class prompt may name alternatives; each reading is a prompt of its own."""

import pytest

from contracts.errors import InvalidInputError
from contracts.model import Check
from contracts.prompts import MOST_READINGS, ClassPrompt, readings


def test_a_prompt_without_braces_is_its_only_reading() -> None:
    assert readings("a photo of a skirt") == ["a photo of a skirt"]


def test_every_combination_of_alternatives_is_read() -> None:
    assert readings("a {red|blue} {plain|dotted|} skirt") == [
        *("a red plain skirt", "a red dotted skirt", "a red skirt"),
        *("a blue plain skirt", "a blue dotted skirt", "a blue skirt"),
    ]


@pytest.mark.parametrize("prompt", ["a {red skirt", "a red} skirt", "a {red|{dark|light} blue} skirt"])
def test_unbalanced_and_nested_braces_are_refused(prompt: str) -> None:
    with pytest.raises(InvalidInputError, match="prompt: braces"):
        readings(prompt)


def test_a_class_prompt_is_checked_where_it_is_given() -> None:
    class_prompt = Check(ClassPrompt)
    assert class_prompt("input.class_prompt", "a {red|blue} skirt") == "a {red|blue} skirt"
    with pytest.raises(InvalidInputError, match=r"input\.class_prompt: got .*; allowed: alternatives as in"):
        class_prompt("input.class_prompt", "a {red skirt")


def test_a_prompt_of_more_readings_than_anyone_trains_on_is_refused_at_once() -> None:
    assert len(readings("{a|b|c|d|e|f|g|h|i|j}" * 3)) == MOST_READINGS
    with pytest.raises(InvalidInputError, match=rf"at most {MOST_READINGS} readings"):
        readings("{a|b}" * 190)

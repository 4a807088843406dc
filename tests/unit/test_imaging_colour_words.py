"""imaging.colour_words: a prompt that names no colour is told the wanted one, any other stays as it is."""

import pytest

from imaging.colour_words import BASIC, FINER, coloured, name_of


@pytest.mark.parametrize(
    ("prompt", "painted"),
    [
        ("a photo of a skirt", "a photo of a blue skirt"),
        ("a jacket over a dress, linen", "a jacket over a blue dress, linen"),
        ("Skirt", "blue Skirt"),
        ("a photo of a red skirt", "a photo of a red skirt"),
        ("a gray dress", "a gray dress"),
        ("summer mood", "summer mood"),
        ("치마", "치마"),
        ("", ""),
    ],
)
def test_a_colour_is_named_before_the_garment_where_none_is(prompt: str, painted: str) -> None:
    assert coloured(prompt, "#2244cc") == painted


@pytest.mark.parametrize(
    ("colour", "name"),
    [
        *((colour, name) for name, colour in BASIC.items()),
        ("#ffffff", "white"),
        ("#000000", "black"),
        ("#FF0000", "red"),
    ],
)
def test_a_colour_has_the_name_of_the_nearest_basic_one(colour: str, name: str) -> None:
    assert name_of(colour) == name


@pytest.mark.parametrize("name", FINER)
def test_each_name_has_a_colour_that_is_called_by_it(name: str) -> None:
    assert name_of(FINER[name].upper(), FINER) == name

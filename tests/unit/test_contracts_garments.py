"""contracts.garments: which words to mask are understood, what they become, and what they name."""

import unicodedata

import pytest

from contracts.errors import InvalidInputError
from contracts.execution import ExecutionInput
from contracts.garments import ADJECTIVES, GARMENTS, KOREAN, KOREAN_ADJECTIVES, english, parts, unusable_words
from contracts.prediction import PredictionInput


@pytest.mark.parametrize(
    ("korean", "spoken"),
    [
        ("치마", "a skirt"),
        ("바지", "trousers"),
        ("셔츠", "a shirt"),
        ("원피스", "a dress"),
        ("신발", "shoes"),
        ("모자", "a hat"),
        ("코트", "a coat"),
        ("스웨터", "a pullover"),
        ("빨간 치마", "a red skirt"),
        ("치마와 셔츠", "a skirt and a shirt"),
        ("치마, 신발", "a skirt and shoes"),
        ("치마 그리고 모자", "a skirt and a hat"),
        ("치마를", "a skirt"),
        ("치마!", "a skirt"),
        ("“치마” (빨간)", "a skirt red"),
        ("치마、신발", "a skirt and shoes"),
        ("치마·모자", "a skirt and a hat"),
        ("치\u200b마\u200f", "a skirt"),
        ("치마，신발", "a skirt and shoes"),
    ],
)
def test_a_garments_korean_name_is_translated_however_it_is_composed(korean: str, spoken: str) -> None:
    for form in ("NFC", "NFD"):
        words = unicodedata.normalize(form, korean)
        assert english(words) == spoken
        assert list(unusable_words("mask_prompt", words)) == []


def test_the_tables_translate_into_words_that_are_understood() -> None:
    assert set(KOREAN.values()) <= set(GARMENTS)
    assert set(KOREAN_ADJECTIVES.values()) <= ADJECTIVES


@pytest.mark.parametrize("words", ["a skirt", "jupe à plis", "Größe 40", "a skirt, red", "A SKIRT!"])
def test_words_in_latin_letters_stay_as_they_are(words: str) -> None:
    assert english(words) == words
    assert list(unusable_words("mask_prompt", words)) == []


@pytest.mark.parametrize("words", ["ｓｋｉｒｔ", "\u202eskirt", "ski\u200brt\ufeff"])
def test_english_is_read_as_it_is_seen(words: str) -> None:
    assert english(words) == "skirt"
    assert list(unusable_words("mask_prompt", words)) == []


NAMELESS = ("!!!", "123", "…", "1\ufe0f\u20e3", "$ + $", "½", "the", "a", "of her", "THE the")


@pytest.mark.parametrize(
    "words", ["юбка", "スカート", "裙子", "تنورة", "한복", "👗", "a skirt 👗", "빨간 юбка", *NAMELESS]
)
def test_words_in_other_letters_or_that_name_nothing_are_refused_with_those_that_are_known(words: str) -> None:
    for mode, more in (("segment", {}), ("style", {"prompt": "p"})):
        with pytest.raises(InvalidInputError, match=r"mask_prompt: got .*English.*skirt, trousers.*치마 \(skirt\)"):
            PredictionInput.from_json({"mode": mode, "image": "aGk=", "mask_prompt": words, **more})
    with pytest.raises(InvalidInputError, match=r"target: got .*English.*skirt, trousers"):
        ExecutionInput.from_json({"style": "s", "dataset": "s3://data/d/", "target": words})


@pytest.mark.parametrize("words", ["not a skirt", "no shoes", "everything but the skirt", "all clothes except: hat"])
def test_words_for_what_is_not_to_be_masked_are_refused(words: str) -> None:
    """A segmenter would mask just that."""
    (problem,) = unusable_words("mask_prompt", words)
    assert "words for what is masked" in problem.allowed


@pytest.mark.parametrize("words", ["red", "a no-sleeve top", "a shirt without sleeves", "t-shirt", "the red"])
def test_a_description_is_enough(words: str) -> None:
    assert list(unusable_words("mask_prompt", words)) == []


@pytest.mark.parametrize(
    ("words", "things"),
    [
        ("a skirt and a shirt", ["a skirt", "a shirt"]),
        ("skirt, shirt & shoes", ["skirt", "shirt", "shoes"]),
        ("hat/scarf", ["hat", "scarf"]),
        ("skirt\nshirt", ["skirt", "shirt"]),
        ("her skirt AND blouse", ["her skirt", "blouse"]),
        ("a lamp and a bag", ["a lamp", "a bag"]),
        ("black and white trousers and a top", ["black and white trousers", "a top"]),
        ("a red and white skirt", ["a red and white skirt"]),
        ("a red, white and blue dress", ["a red, white and blue dress"]),
        ("a skirt, red", ["a skirt, red"]),
        ("a shirt with a collar and buttons", ["a shirt with a collar and buttons"]),
        ("rock and roll", ["rock and roll"]),
        ("and", ["and"]),
        (",", [","]),
        ("a person", ["a person"]),
    ],
)
def test_words_are_taken_apart_where_they_name_several_things(words: str, things: list[str]) -> None:
    assert parts(words) == things

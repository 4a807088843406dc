"""Which garments are asked for, and in the colour of skin."""

import pytest

from contracts.safety.cloth import asks_for_skin_colour, garments_asked
from contracts.safety.thresholds import SKIN


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["a photo of a red skirt"], ["a skirt"]),
        (["trousers", "a photo of blue trousers and a white shirt"], ["trousers", "a shirt"]),
        (["a dress and a dress"], ["a dress"]),
        (["치마", "빨간 치마와 셔츠"], ["a skirt", "a shirt"]),
        (["a skirt, a top, a coat and a hat"], ["a skirt", "a top", "a coat"]),
        (["a photo of sks"], []),
        (["", ""], []),
    ],
)
def test_garments_are_found_in_all_texts(texts: list[str], expected: list[str]) -> None:
    assert garments_asked(texts) == expected


@pytest.mark.parametrize(
    "words",
    ["a beige skirt", "A CAMEL coat", "nude heels", "brown leather trousers", "skin-coloured tights", "살구색 치마",
     "누드톤 원피스", "베이지색 코트", "ｂｅｉｇｅ top", "a photo of a chocolate-brown suit"],
)  # fmt: skip
def test_colours_that_skin_has_are_heard(words: str) -> None:
    assert asks_for_skin_colour(words)


@pytest.mark.parametrize("words", ["a red skirt", "파란 치마", "a standard coat", "a sandal", "brownie", ""])
def test_other_words_are_not(words: str) -> None:
    assert not asks_for_skin_colour(words)


def test_a_stage_that_sells_swimwear_or_underwear_allows_more_skin_and_no_other_does() -> None:
    assert SKIN.selling([]) is SKIN
    for wares in (["swimwear"], ["underwear"], ["swimwear", "underwear"]):
        sold = SKIN.selling(wares)
        assert sold.painted_bare > SKIN.painted_bare
        assert sold.mask_bare > SKIN.mask_bare
        assert max(sold.painted_bare, sold.mask_bare, sold.body_bare) < 1

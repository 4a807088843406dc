"""Which garments are asked for, and in the colour of skin."""

import pytest

from contracts.safety.cloth import asks_for_skin_colour, garments_asked
from contracts.safety.rules import CLOSED, SafetyRules, Sold
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
    assert SKIN.of_stage(CLOSED) == SKIN
    wares: tuple[tuple[Sold, ...], ...] = (("swimwear",), ("underwear",), ("swimwear", "underwear"))
    for each in wares:
        sold = SKIN.of_stage(SafetyRules(sells=each))
        assert sold.painted_bare > SKIN.painted_bare
        assert sold.mask_bare > SKIN.mask_bare
        assert max(sold.painted_bare, sold.mask_bare, sold.body_bare) < 1


def test_a_stage_may_allow_less_skin_and_not_more() -> None:
    tighter = SKIN.of_stage(SafetyRules(most_bare=0.3))
    assert (tighter.painted_bare, tighter.mask_bare) == (0.3, 0.3)
    assert SKIN.of_stage(SafetyRules(most_bare=1)) == SKIN
    assert SKIN.of_stage(SafetyRules(sells=("swimwear",), most_bare=0.7)).painted_bare == 0.7


def test_the_less_a_segmenter_takes_for_skin_the_nearer_to_a_person_s_own_it_must_be() -> None:
    nearness = [SKIN.within(1.0, share) for share in (0.0, 0.1, 0.2, 0.3, 1.0)]
    assert nearness == sorted(nearness)
    assert nearness[-1] == nearness[-2] == pytest.approx(1.2 * SKIN.own)
    assert SKIN.within(5.0, 0.2) == 5.0  # a photo whose own skin varies
    assert SKIN.within(50.0, 0.2) == 2 * SKIN.own

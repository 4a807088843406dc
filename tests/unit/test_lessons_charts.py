"""Charts of trainings draw what was measured, in both languages, and say where a difference may be chance."""

import re
from xml.etree import ElementTree

import pytest

from bench.train.learnt import Spread
from lessons.trainings.chart import WIDTH, draw_chart, place
from lessons.trainings.tips import DEFAULT, LANGUAGES, SCORES, TIPS, Language, Tip, told_apart
from lessons.trainings.tried import TRIED

WAYS = Tip(
    ways={DEFAULT: {"en": "one <way>", "ko": "하나"}, "b": {"en": "other", "ko": "둘"}}, scores=("garment_share",)
)


def chart(other: list[float], language: Language = "en") -> str:
    found = {DEFAULT: {"garment_share": Spread(values=[0.5, 0.6, 0.4])}, "b": {"garment_share": Spread(values=other)}}
    return draw_chart(WAYS, found, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_chart_is_svg_with_a_bar_a_way_and_a_dot_a_training(language: Language) -> None:
    drawn = chart([0.9, 0.9, 0.9], language)
    root = ElementTree.fromstring(drawn)
    space = "{http://www.w3.org/2000/svg}"
    kinds = [each.get("class") for each in root.iter(f"{space}rect")]
    assert (kinds.count("default"), kinds.count("bar")) == (1, 1)
    dots = [float(each.get("cx", "0")) for each in root.iter(f"{space}circle")]
    assert dots == pytest.approx([place(value, 1.0) for value in (0.5, 0.6, 0.4, 0.9, 0.9, 0.9)], abs=0.1)
    assert WAYS.ways[DEFAULT][language] in [each.text for each in root.iter(f"{space}text")]
    assert max(dots) < WIDTH
    assert "prefers-color-scheme:dark" in drawn


def test_what_may_be_chance_is_marked() -> None:
    assert "≈ 0.52" in chart([0.6, 0.5, 0.46])
    assert "≈" not in chart([0.9, 0.91, 0.89])


def test_means_are_told_apart_beyond_the_spread_of_their_seeds() -> None:
    near, far = Spread(values=[0.5, 0.6, 0.4]), Spread(values=[0.9, 0.8, 0.7])
    assert told_apart(near, far)
    assert not told_apart(near, Spread(values=[0.6, 0.7, 0.5]))
    assert told_apart(Spread(values=[1.0, 1.0, 1.0]), Spread(values=[0.0, 0.0, 0.0]))


def test_longer_values_are_drawn_farther_right_up_to_the_end() -> None:
    places = [place(value, 2.0) for value in (-1, 0, 1, 2, 3)]
    assert places == sorted(places)
    assert places[0] == places[1]
    assert places[3] == places[4]


def test_tips_compare_ways_and_scores_that_there_are_with_the_default() -> None:
    for tip in TIPS.values():
        assert tip.ways.keys() <= TRIED.keys()
        assert DEFAULT in tip.ways
        assert {*tip.scores} <= SCORES.keys()
        for score in tip.scores:
            assert len(SCORES[score].words["en"]) < 50, "wider than the chart"
    assert {way for tip in TIPS.values() for way in tip.ways} == TRIED.keys()
    assert not re.search(r"[가-힣]", "".join(words["en"] for tip in TIPS.values() for words in tip.ways.values()))

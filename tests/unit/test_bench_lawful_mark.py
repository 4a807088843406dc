"""What ``make score-lawful`` counts, and how it spoils pictures."""

import pytest
from PIL import Image

from bench.lawful.score import CountedShare, told
from bench.lawful.spoiling import HARDER, SPOILS, cut


def test_an_interval_holds_the_share_and_ends_at_0_and_1() -> None:
    assert CountedShare(name="a", hits=490, n=500).interval == pytest.approx((0.9636, 0.9891), abs=2e-4)
    assert CountedShare(name="a", hits=0, n=5_000).interval == pytest.approx((0.0, 0.0008), abs=1e-4)
    assert CountedShare(name="a", hits=500, n=500).interval == pytest.approx((0.9924, 1.0), abs=1e-4)


def test_the_last_line_says_of_how_many_and_what_was_missed() -> None:
    shares = [
        CountedShare(name="found", hits=98, n=100, least=0.99),
        CountedShare(name="wrong", hits=0, n=10, most=1e-3),
    ]
    said = told(shares, {"difference_mean": 0.2})
    assert (said["found"], said["wrong"], said["difference_mean"]) == (0.98, 0.0, 0.2)
    assert said["n"] == {"found": 100, "wrong": 10}
    assert said["missed"] == ["found"]


def test_a_cut_of_5_percent_takes_that_of_each_side() -> None:
    assert cut(Image.new("RGB", (400, 600))).size == (380, 570)


@pytest.mark.parametrize("name", [*SPOILS, *HARDER])
def test_each_way_of_spoiling_gives_a_picture(name: str) -> None:
    spoil = SPOILS[name][0] if name in SPOILS else HARDER[name]
    spoiled = spoil(Image.effect_noise((200, 160), 40).convert("RGB"))
    assert spoiled.mode == "RGB"
    assert 90 <= spoiled.width <= 200

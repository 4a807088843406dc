"""What a batch's statistics find: pictures unlike the others, a change along the way, and nothing where nothing is."""

import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from atelier_ops.logic.consistency import drifts, outliers, pettitt, statistics_by_group
from atelier_ops.logic.looks import MeasuredPicture, group_name, measured, palette_distance
from contracts.appearance import Appearance, PaletteColour

GROUP = group_name(style="summer", prompt="a red skirt")
RED = (44.0, 57.0, 36.0)
Lab = tuple[float, float, float]


def colour(lab: Lab, share: float = 1.0) -> PaletteColour:
    return PaletteColour(lightness=lab[0], red=lab[1], yellow=lab[2], share=share)


def picture(
    item: str,
    lab: Lab = RED,
    *,
    palette: Sequence[PaletteColour] | None = None,
    group: str = GROUP,
    area: float | None = 0.1,
    spread: float = 6.0,
    frame: float | None = 67.0,
) -> MeasuredPicture:
    colours = list(palette or [colour(lab)])
    look = Appearance(
        palette=colours,
        light=lab[0],
        light_spread=spread,
        frame_light=frame,
        frame_light_spread=None if frame is None else 5.0,
    )
    return MeasuredPicture(item=item, picture=0, group=group, mask_area=area, appearance=look)


def batch(count: int, seed: int = 1) -> list[MeasuredPicture]:
    """Pictures that vary as those do which the tiny base paints of one prompt over drawn photos."""
    draw = random.Random(seed)
    return [
        picture(
            f"row {number}",
            (draw.gauss(44, 1.4), draw.gauss(57, 2.8), draw.gauss(36, 2.3)),
            area=0.1 * 1.4 ** draw.uniform(-1, 1),
            spread=abs(draw.gauss(6, 1)),
            frame=draw.uniform(50, 85),
        )
        for number in range(count)
    ]


def moved(one: MeasuredPicture, by: Lab) -> MeasuredPicture:
    (each,) = one.appearance.palette
    lab = (each.lightness + by[0], each.red + by[1], each.yellow + by[2])
    return picture(
        one.item, lab, area=one.mask_area, spread=one.appearance.light_spread, frame=one.appearance.frame_light
    )


def test_ten_strays_among_two_hundred_are_found_and_no_other() -> None:
    items = batch(200)
    strays = random.Random(2).sample(range(200), 10)
    for place in strays:
        items[place] = moved(items[place], (-2, 3, -22))
    found = outliers(items)
    assert {each.item for each in found} == {f"row {place}" for place in strays}
    assert all(" ΔE bluer than the median of its 200" in each.reasons[0] for each in found)
    assert [each.score for each in found] == sorted((each.score for each in found), reverse=True)


@pytest.mark.parametrize("seed", range(20))
def test_a_batch_in_which_nothing_changes_has_hardly_an_outlier_and_no_drift(seed: int) -> None:
    items = batch(200, seed)
    assert len(outliers(items)) <= 1
    assert drifts(items) == []


@pytest.mark.parametrize("start", [40, 100, 160])
def test_colours_that_change_by_a_twentieth_are_a_drift_though_hardly_a_picture_is_an_outlier(start: int) -> None:
    items = [moved(each, (2.2, 2.9, 1.8)) if place >= start else each for place, each in enumerate(batch(200))]
    (drift,) = drifts(items)
    assert drift.measure == "colour"
    assert abs(int(drift.since.removeprefix("row ")) - start) <= 12
    assert drift.size == pytest.approx(4, abs=1)
    assert f"from {drift.since} on, in " in drift.reason
    assert any(f" ΔE {how}" in drift.reason for how in ("redder", "lighter", "yellower"))
    assert len(outliers(items)) <= 2


def test_what_creeps_is_a_drift_too() -> None:
    items = [moved(each, (0, 0, -0.03 * place)) for place, each in enumerate(batch(200))]
    (drift,) = drifts(items)
    assert "bluer" in drift.reason


def test_what_nobody_sees_is_no_drift_however_sure_it_is() -> None:
    still = [picture(f"row {place}") for place in range(100)]
    assert drifts([moved(each, (1, 0, 0)) if place >= 50 else each for place, each in enumerate(still)]) == []


@pytest.mark.parametrize(
    ("odd", "reason"),
    [
        (lambda: picture("odd", area=0.24), "the masked part is 2.4 times larger than the median of its 31"),
        (lambda: picture("odd", area=0.04), "the masked part is 2.5 times smaller than the median of its 31"),
        (lambda: picture("odd", spread=14.5), "light and dark differ by 8.5 L* more in the garment than the median of its 31"),
        (lambda: picture("odd", frame=40.0), "what is around the garment is 27.0 L* darker than the median of its 31"),
        (lambda: picture("odd", (30.0, 57.0, 36.0)), "the garment is 14.0 ΔE darker than the median of its 31"),
        (lambda: picture("odd", (44.0, 37.0, 16.0)), "the garment is 28.3 ΔE greener and bluer than the median of its 31"),
        (
            lambda: picture("odd", palette=[colour((24, 57, 36), 0.5), colour((64, 57, 36), 0.5)]),
            "the garment's colours are 20.0 ΔE farther from the usual ones than the median of its 31",
        ),
    ],
)  # fmt: skip
def test_an_outlier_says_why(odd: Callable[[], MeasuredPicture], reason: str) -> None:
    (found,) = outliers([picture(f"row {place}") for place in range(30)] + [odd()])
    assert (found.item, found.reasons) == ("odd", (reason,))


def test_a_difference_that_nobody_sees_is_none_though_all_others_are_equal() -> None:
    assert outliers([*(picture(f"row {place}") for place in range(30)), picture("near", (48.0, 60.0, 36.0))]) == []


def test_pictures_are_compared_within_their_group_only() -> None:
    blue = group_name(style="summer", prompt="a blue skirt")
    reds = [picture(f"red {place}") for place in range(12)]
    blues = [picture(f"blue {place}", (30.0, 20.0, -60.0), group=blue) for place in range(12)]
    mixed = [each for pair in zip(reds, blues, strict=True) for each in pair]
    assert outliers(mixed) == []
    assert [each.item for each in outliers([*mixed, picture("stray", group=blue)])] == ["stray"]


def test_too_few_to_judge_is_said() -> None:
    items = [*(picture(f"row {place}") for place in range(8)), picture("odd", (80.0, 0.0, 0.0))]
    assert outliers(items) == []
    (group,) = statistics_by_group(items)
    assert (group.pictures, group.note) == (9, "too few to judge: 9 pictures, of at least 10")
    (enough,) = statistics_by_group([*items, picture("one more")])
    assert enough.note == ""
    assert enough.medians["lightness"] == 44
    assert (enough.medians["mask_area"], enough.spreads["mask_area"]) == (0.1, 1.0)


def test_what_was_not_measured_is_not_judged() -> None:
    items = [picture(f"row {place}", area=None, frame=None) for place in range(30)]
    assert outliers([*items, picture("odd", area=0.9, frame=1.0)]) == []
    assert set(statistics_by_group(items)[0].medians) == {"lightness", "red", "yellow", "palette", "light_spread"}
    assert (outliers([]), drifts([]), statistics_by_group([])) == ([], [], [])


def test_a_records_metrics_become_a_picture_each() -> None:
    look = picture("x").appearance.to_json()
    metrics: dict[str, Any] = {"total_time": 3.0, "predict_time": 1.0, "mask_area": 0.2, "pictures": [look, look]}
    assert [(each.item, each.picture, each.mask_area) for each in measured("row 1", GROUP, metrics)] == [
        ("row 1", 0, 0.2),
        ("row 1", 1, 0.2),
    ]
    assert measured("row 2", GROUP, {"total_time": 3.0}) == []


def test_a_group_is_a_style_a_prompt_and_a_colour() -> None:
    assert group_name(style="", prompt="a skirt") == "base · a skirt"
    assert group_name(style="summer@2", prompt="a skirt", colour="red") == "summer@2 · a skirt · red"


def test_palettes_are_as_far_apart_as_their_colours_have_to_move() -> None:
    plain, striped = [colour((50, 0, 0))], [colour((50, 0, 0), 0.5), colour((80, 0, 0), 0.5)]
    assert palette_distance(plain, plain) == 0
    assert palette_distance(plain, striped) == palette_distance(striped, plain) == 15


def test_pettitts_test_finds_where_a_series_changes() -> None:
    """The annual flow of the Nile at Aswan, 1871 to 1970, changes with the year 1899: Cobb, Biometrika 65, 1978."""
    nile = [
        *(
            1120,
            1160,
            963,
            1210,
            1160,
            1160,
            813,
            1230,
            1370,
            1140,
            995,
            935,
            1110,
            994,
            1020,
            960,
            1180,
            799,
            958,
            1140,
        ),
        *(1100, 1210, 1150, 1250, 1260, 1220, 1030, 1100, 774, 840, 874, 694, 940, 833, 701, 916, 692, 1020, 1050, 969),
        *(831, 726, 456, 824, 702, 1120, 1100, 832, 764, 821, 768, 845, 864, 862, 698, 845, 744, 796, 1040, 759),
        *(781, 865, 845, 944, 984, 897, 822, 1010, 771, 676, 649, 846, 812, 742, 801, 1040, 860, 874, 848, 890),
        *(744, 749, 838, 1050, 918, 986, 797, 923, 975, 815, 1020, 906, 901, 1170, 912, 746, 919, 718, 714, 740),
    ]
    change, chance = pettitt(nile)
    assert 1871 + change == 1899
    assert chance == pytest.approx(3.6e-7, rel=0.1)
    assert pettitt([1.0] * 40)[1] == 1

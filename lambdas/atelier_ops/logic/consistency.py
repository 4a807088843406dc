"""Which pictures of a batch do not look like the others of their kind, and whether the batch drifts: statistics of what was measured.

Pictures are compared within a group, of one style and one prompt, number by number. One that is far from the group's median is an outlier:
by the modified z-score, in which the median absolute deviation (MAD) stands for the spread, so that the outliers themselves do not hide
each other (Iglewicz and Hoaglin, How to Detect and Handle Outliers, 1993), and never by less than anybody sees. A drift is a change of the
median along the batch, found by the rank test of Pettitt (A Non-Parametric Approach to the Change-Point Problem, Applied Statistics 28,
1979): it says nothing of a single picture, so it finds less than a picture may differ by.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from statistics import median

from atelier_ops.logic.looks import COLOUR, MEASURES, Measure, MeasuredPicture, by_group, values

FEWEST = 10
"""Pictures of a group below which there is no telling what is usual."""
FAR = 3.5
"""Modified z-score beyond which a picture is an outlier: 3.5 is Iglewicz's and Hoaglin's."""
NORMAL = 1.4826
"""A normal distribution's standard deviation over its MAD."""
FEWEST_TO_DRIFT = 20
RARE = 0.001
"""Chance of a group that does not change to be called one that drifts."""


@dataclass(frozen=True, kw_only=True)
class Outlier:
    """A picture for a person to look at. ``score`` is how many times as far from the median as its limit its worst number is."""

    item: str
    picture: int
    group: str
    score: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Drift:
    """A group that is otherwise from ``since`` on, an item's name; ``size`` is the change of the median in the measure's unit."""

    group: str
    measure: str
    since: str
    size: float
    reason: str


@dataclass(frozen=True, kw_only=True)
class GroupStatistics:
    """What is usual in a group: medians and median deviations by measure, that of ``mask_area`` being a factor.

    ``note`` says why nothing in it was judged; empty where it was.
    """

    group: str
    pictures: int
    medians: Mapping[str, float]
    spreads: Mapping[str, float]
    note: str


def outliers(items: Sequence[MeasuredPicture]) -> list[Outlier]:
    """The pictures that are unlike the others of their group, the farthest first; none of groups with fewer than 10."""
    found = [outlier for group in by_group(items) if len(group) >= FEWEST for outlier in _unlike(group)]
    return sorted(found, key=lambda each: (-each.score, each.item, each.picture))


def drifts(items: Sequence[MeasuredPicture]) -> list[Drift]:
    """The groups that change along the batch, ``items`` being in its order; none with fewer than 20 pictures."""
    # The pictures of one item show the same photo: more than one would count its chance more than once.
    groups = list(by_group([item for item in items if item.picture == 0]))
    aspects = [COLOUR, *((measure,) for measure in MEASURES if not measure.of_colour)]
    return [drift for group in groups for aspect in aspects if (drift := _drift(group, aspect))]


def statistics_by_group(items: Sequence[MeasuredPicture]) -> list[GroupStatistics]:
    """What is usual in each group, in the order in which they begin."""
    return [_statistics(group) for group in by_group(items)]


def _statistics(group: Sequence[MeasuredPicture]) -> GroupStatistics:
    few = f"too few to judge: {len(group)} pictures, of at least {FEWEST}" if len(group) < FEWEST else ""
    known = {measure: numbers for measure in MEASURES if (numbers := _known(values(measure, group)))}
    return GroupStatistics(
        group=group[0].group,
        pictures=len(group),
        medians={each.name: round(each.natural(median(numbers)), 4) for each, numbers in known.items()},
        spreads={each.name: round(each.natural(_spread(numbers)), 4) for each, numbers in known.items()},
        note=few,
    )


def _unlike(group: Sequence[MeasuredPicture]) -> Iterator[Outlier]:
    """The outliers of a group."""
    shifts: list[dict[str, float]] = [{} for _ in group]
    scores = [0.0] * len(group)
    for measure in MEASURES:
        numbers = values(measure, group)
        known = _known(numbers)
        if len(known) < FEWEST:
            continue
        middle, limit = median(known), max(measure.floor, FAR * _spread(known))
        for place, number in enumerate(numbers):
            if number is not None and _far(number - middle, limit, measure):
                shifts[place][measure.name] = number - middle
                scores[place] = max(scores[place], abs(number - middle) / limit)
    for item, shift, score in zip(group, shifts, scores, strict=True):
        if reasons := tuple(_reasons(shift, f"the median of its {len(group)}")):
            yield Outlier(
                item=item.item, picture=item.picture, group=item.group, score=round(score, 2), reasons=reasons
            )


def _far(by: float, limit: float, measure: Measure) -> bool:
    return by > limit or (by < -limit and not measure.only_more)


def _reasons(shift: Mapping[str, float], than: str) -> Iterator[str]:
    """What is said of how far a picture's numbers are from the usual ones; of its colour all at once."""
    colour = {measure: shift[measure.name] for measure in MEASURES if measure.of_colour and measure.name in shift}
    if colour:
        total = math.hypot(*colour.values())
        marked = [(measure, by) for measure, by in colour.items() if abs(by) >= total / 3]
        how = " and ".join(measure.word(by) for measure, by in sorted(marked, key=lambda each: -abs(each[1])))
        yield f"the garment is {total:.1f} ΔE {how} than {than}"
    for measure in MEASURES:
        if measure.name in shift and not measure.of_colour and not (measure.follows_colour and colour):
            yield measure.sentence(shift[measure.name], than)


def _drift(group: Sequence[MeasuredPicture], aspect: Sequence[Measure]) -> Drift | None:
    """A change of the numbers of an ``aspect``, which are looked at together: it begins where the one begins that is surest."""
    rows = zip(group, *(values(measure, group) for measure in aspect), strict=True)
    told = [(item, _known(numbers)) for item, *numbers in rows if None not in numbers]
    if len(told) < FEWEST_TO_DRIFT:
        return None
    columns = list(zip(*(numbers for _, numbers in told), strict=True))
    change, chance = min((pettitt(column) for column in columns), key=lambda found: found[1])
    shift = {
        measure.name: median(column[change:]) - median(column[:change])
        for measure, column in zip(aspect, columns, strict=True)
    }
    size = math.hypot(*shift.values())
    if chance >= RARE / len(MEASURES) or size < aspect[0].visible:
        return None
    since = told[change][0].item
    (reason,) = _reasons(shift, f"before {since}")
    where = f"from {since} on, in {len(told) - change} of {len(told)} pictures"
    name = "colour" if aspect == COLOUR else aspect[0].name
    return Drift(group=group[0].group, measure=name, since=since, size=round(size, 4), reason=f"{where}, {reason}")


def pettitt(numbers: Sequence[float]) -> tuple[int, float]:
    """Where a series changes, as the place of the first number after it, and the chance of as much change in one that does not.

    With ranks r (of equal numbers their mean), U(t) = 2 (r(1) + ... + r(t)) - t (n + 1), K = max |U(t)|, and the chance is about
    2 exp(-6 K^2 / (n^3 + n^2)): Pettitt's equations 2.2 and 3.1.
    """
    count, ranks = len(numbers), _ranks(numbers)
    sums = [2 * total - (place + 1) * (count + 1) for place, total in enumerate(accumulate(ranks))][:-1]
    change = max(range(len(sums)), key=lambda place: abs(sums[place]))
    chance = 2 * math.exp(-6 * sums[change] ** 2 / (count**3 + count**2))
    return change + 1, min(1.0, chance)


def _ranks(numbers: Sequence[float]) -> list[float]:
    order = sorted(range(len(numbers)), key=lambda place: numbers[place])
    ranks = [0.0] * len(numbers)
    first = 0
    while first < len(order):
        last = first
        while last + 1 < len(order) and numbers[order[last + 1]] == numbers[order[first]]:
            last += 1
        for place in order[first : last + 1]:
            ranks[place] = (first + last) / 2 + 1
        first = last + 1
    return ranks


def _spread(numbers: Sequence[float]) -> float:
    """What a standard deviation would be, by the median absolute deviation."""
    middle = median(numbers)
    return NORMAL * median(abs(number - middle) for number in numbers)


def _known(numbers: Sequence[float | None]) -> list[float]:
    return [number for number in numbers if number is not None]

"""The numbers by which pictures of a batch are compared: how far each may be from the others before anybody sees it, and the words for it.

A garment's colour is the mean of its palette in CIELAB, where a difference of 2.3 is just noticeable (Mahy et al., Evaluation of uniform
color spaces, 1994). Palettes are compared by the relaxed earth mover's distance (Rubner et al. 2000; the relaxation of Kusner et al. 2015:
each colour goes to the nearest of the other palette, both ways, and the larger of the two counts).
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contracts.appearance import Appearance, PaintingMetrics, PaletteColour

Palette = Sequence[PaletteColour]

COMPARED = 40
"""Palettes of a group, evenly chosen, among which the one is sought that is nearest to all."""


@dataclass(frozen=True, kw_only=True)
class MeasuredPicture:
    """A picture of a batch: ``item`` is its row's name, ``picture`` its place in the answer from 0, ``group`` what it is compared with."""

    item: str
    picture: int
    group: str
    mask_area: float | None
    appearance: Appearance


@dataclass(frozen=True, kw_only=True, eq=False)
class Measure:
    """One number of a picture.

    ``floor`` is how far a picture may be from the median whatever the others do; ``visible`` is the least drift that is told. ``less`` and
    ``more`` are the words, ``said`` the sentence, with ``{by}`` and ``{how}``.
    """

    name: str
    of: Callable[[MeasuredPicture, Palette], float | None]
    floor: float
    visible: float
    less: str
    more: str
    said: str
    of_colour: bool = False
    follows_colour: bool = False
    """Not said where the colour is another one: then this is too."""
    only_more: bool = False
    """It says how far something is, so that less is nothing to look at."""
    amount: Callable[[float], str] = lambda by: f"{abs(by):.1f}"
    usually: str = ""
    """How a report says the usual number; empty where that means nothing to people."""
    natural: Callable[[float], float] = float
    """The number as it was measured, of that which is compared."""

    def word(self, by: float) -> str:
        """What a picture is whose number is ``by`` above the usual one."""
        return self.more if by > 0 else self.less

    def sentence(self, by: float, than: str) -> str:
        """That, and by how much, ``than`` what."""
        return f"{self.said.format(by=self.amount(by), how=self.word(by))} than {than}"


def _colour(of: Callable[[PaletteColour], float]) -> Callable[[MeasuredPicture, Palette], float]:
    return lambda item, usual: sum(each.share * of(each) for each in item.appearance.palette)


def _times(by: float) -> str:
    return f"{math.exp(abs(by)):.1f} times"


def _axis(name: str, of: Callable[[PaletteColour], float], less: str, more: str, usually: str) -> Measure:
    """One of the three numbers of the garment's mean colour; three times what is just noticed passes for the same."""
    return Measure(
        name=name,
        of=_colour(of),
        floor=7.0,
        visible=2.3,
        less=less,
        more=more,
        said="the garment is {by} ΔE {how}",
        of_colour=True,
        usually=usually,
    )


COLOUR: Sequence[Measure] = (
    _axis("lightness", lambda each: each.lightness, "darker", "lighter", "garment L* {:.0f}"),
    _axis("red", lambda each: each.red, "greener", "redder", "a* {:.0f}"),
    _axis("yellow", lambda each: each.yellow, "bluer", "yellower", "b* {:.0f}"),
)
MEASURES: Sequence[Measure] = (
    *COLOUR,
    Measure(
        name="palette",
        of=lambda item, usual: palette_distance(item.appearance.palette, usual),
        floor=8.0,
        visible=math.inf,
        less="nearer",
        more="farther",
        said="the garment's colours are {by} ΔE {how} from the usual ones",
        follows_colour=True,
        only_more=True,
    ),
    Measure(
        name="light_spread",
        of=lambda item, usual: item.appearance.light_spread,
        floor=4.0,
        visible=2.3,
        less="less",
        more="more",
        said="light and dark differ by {by} L* {how} in the garment",
        usually="its light and dark L* {:.0f} apart",
    ),
    Measure(
        name="frame_light",
        of=lambda item, usual: item.appearance.frame_light,
        floor=8.0,
        visible=4.0,
        less="darker",
        more="lighter",
        said="what is around the garment is {by} L* {how}",
        usually="around it L* {:.0f}",
    ),
    Measure(
        name="mask_area",
        of=lambda item, usual: math.log(item.mask_area) if item.mask_area else None,
        floor=math.log(1.6),
        visible=math.log(1.15),
        less="smaller",
        more="larger",
        said="the masked part is {by} {how}",
        amount=_times,
        usually="masked {:.0%} of the picture",
        natural=math.exp,
    ),
)


def group_name(*, style: str, prompt: str, colour: str = "") -> str:
    """What pictures are compared within: those of one style, one prompt and, where rows name one, one colour."""
    return " · ".join(part for part in (style or "base", prompt, colour) if part)


def measured(item: str, group: str, metrics: Mapping[str, Any]) -> list[MeasuredPicture]:
    """The pictures of a prediction, from its metrics as its record has them; none where none was measured."""
    known = PaintingMetrics.from_json({name: metrics[name] for name in PaintingMetrics.model_fields if name in metrics})
    return [
        MeasuredPicture(item=item, picture=place, group=group, mask_area=known.mask_area, appearance=appearance)
        for place, appearance in enumerate(known.pictures)
    ]


def by_group(items: Sequence[MeasuredPicture]) -> Iterator[list[MeasuredPicture]]:
    """The pictures of each group, groups in the order in which they begin."""
    groups: dict[str, list[MeasuredPicture]] = {}
    for item in items:
        groups.setdefault(item.group, []).append(item)
    yield from groups.values()


def values(measure: Measure, group: Sequence[MeasuredPicture]) -> list[float | None]:
    """A measure's number for each picture of a group; None where a picture has none."""
    usual = usual_palette([item.appearance.palette for item in group]) if measure.name == "palette" else ()
    return [measure.of(item, usual) for item in group]


def usual_palette(palettes: Sequence[Palette]) -> Palette:
    """The palette of those that is nearest to the others: their medoid, sought among at most 40."""
    some = palettes[:: -(-len(palettes) // COMPARED)]
    return min(some, key=lambda one: sum(palette_distance(one, other) for other in some))


def palette_distance(one: Palette, other: Palette) -> float:
    """How far two palettes are apart, in CIELAB: 0 for the same colours in the same shares."""
    return max(_moved(one, other), _moved(other, one))


def _moved(one: Palette, other: Palette) -> float:
    return sum(each.share * min(_apart(each, target) for target in other) for each in one)


def _apart(one: PaletteColour, other: PaletteColour) -> float:
    return math.dist((one.lightness, one.red, one.yellow), (other.lightness, other.red, other.yellow))

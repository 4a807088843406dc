"""How what was painted looks, in numbers that pictures of one catalogue can be compared by."""

from typing import Annotated

from pydantic import Field

from contracts.declarations import about, bounds
from contracts.model import Contract

MOST_COLOURS = 5
"""Colours of a palette."""


class PaletteColour(Contract):
    """A colour of a palette, in CIELAB (CIE 15, white point D65)."""

    lightness: Annotated[float, bounds(0, 100, "L*: 0 is black, 100 white")]
    red: Annotated[float, bounds(-128, 128, "a*: greens are below 0, reds above")]
    yellow: Annotated[float, bounds(-128, 128, "b*: blues are below 0, yellows above")]
    share: Annotated[float, bounds(0, 1, "of the pixels")]


class Appearance(Contract):
    """One picture where it was painted, and around that.

    ``colour_difference`` is there where a colour was asked for: the nearest of the garment's colours that cover a seventh of it counts, and
    where none covers a third, the mean of all.

    The shares of ``palette`` come to 1, so that their weighted mean is the mean colour of what was painted. The frame is all of the
    picture that was not painted; where there is none, its numbers are left out.
    """

    palette: Annotated[
        list[PaletteColour],
        Field(min_length=1, max_length=MOST_COLOURS, description="what was painted, the most common colour first"),
    ]
    light: Annotated[float, bounds(0, 100, "mean L* of what was painted")]
    light_spread: Annotated[float, bounds(0, 50, "standard deviation of that L*")]
    colour_difference: Annotated[
        float | None,
        bounds(
            0, 200, "CIEDE2000 from the colour that was asked for to the garment's; below 1 nobody sees it, 5 is near"
        ),
    ] = None
    frame_light: Annotated[float | None, bounds(0, 100, "mean L* of what is around it")] = None
    frame_light_spread: Annotated[float | None, bounds(0, 50, "standard deviation of that L*")] = None


class PaintingMetrics(Contract):
    """What the model server measured of an answer."""

    mask_area: Annotated[float | None, bounds(0, 1, "share of the picture that was masked")] = None
    mask_score: Annotated[float | None, bounds(0, 1, "mean confidence in the mask, where words were masked")] = None
    pictures: Annotated[
        list[Appearance],
        about(
            "how each picture looks where it was repainted, in their order; left out in modes that repaint nothing, and where a mask "
            "is too thin to be measured"
        ),
    ] = Field(default_factory=list)

    @classmethod
    def _is_left_out(cls, name: str, value: object) -> bool:
        return value == [] or super()._is_left_out(name, value)

"""A teaching picture: a light card with rounded corners that stays readable on a phone and on dark pages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from imaging.framing import scaled

WIDTH = 960
"""Pixels of every card: words of 30 pixels are 11 on a phone of 360."""
_MARGIN, _GAP, _RADIUS = 32, 18, 36
PAPER, INK, MUTED = (247, 245, 240), (28, 30, 34), (99, 103, 110)
TITLE_SIZE, WORDS_SIZE = 34, 30
_TITLE_HEIGHT, _LINE = 56, 38


@dataclass(frozen=True, kw_only=True)
class Lettering:
    """Fonts of a card; ``lift``: pixels that words are drawn higher, for a font that leaves more room above them."""

    title: ImageFont.ImageFont | ImageFont.FreeTypeFont
    words: ImageFont.ImageFont | ImageFont.FreeTypeFont
    lift: int = 0


ENGLISH = Lettering(title=ImageFont.load_default(TITLE_SIZE), words=ImageFont.load_default(WORDS_SIZE))


@dataclass(frozen=True, kw_only=True)
class Panel:
    """A picture and the few words beneath it; ``smooth`` where pixels should not show as squares."""

    picture: Image.Image
    words: Sequence[str] = ()
    smooth: bool = False


@dataclass(frozen=True, kw_only=True)
class Band:
    """Panels side by side, ``columns`` of them a line, under a title; ``is_prompt`` where that is a prompt, the same in each language."""

    title: str
    panels: Sequence[Panel]
    columns: int
    is_prompt: bool = False


@dataclass(frozen=True, kw_only=True)
class TeachingPicture:
    """What is on a card, and by name the numbers that it and the pages' words about it are made of."""

    bands: Sequence[Band]
    numbers: Mapping[str, Any] = field(default_factory=dict)


def draw_card(bands: Sequence[Band], lettering: Lettering = ENGLISH) -> Image.Image:
    """All bands under each other: RGBA, WIDTH pixels wide, transparent outside the rounded corners."""
    sheet = Image.new("RGB", (WIDTH, 2 * _MARGIN + sum(_height(band) for band in bands) - _GAP), PAPER)
    pen, top = ImageDraw.Draw(sheet), _MARGIN
    for band in bands:
        _draw_band(sheet, pen, band, top, lettering)
        top += _height(band)
    corners = Image.new("L", sheet.size, 0)
    ImageDraw.Draw(corners).rounded_rectangle((0, 0, sheet.width - 1, sheet.height - 1), _RADIUS, fill=255)
    sheet.putalpha(corners)
    return sheet


def save_card(card: Image.Image, path: Path) -> None:
    """Write a card as WebP."""
    path.parent.mkdir(parents=True, exist_ok=True)
    card.save(path, quality=88, method=6)


def heat(values: NDArray[np.floating[Any]]) -> Image.Image:
    """Values (h, w), 0 to 1, as colours from dark blue over red to light yellow."""
    stops = np.array([[20, 22, 60], [110, 30, 110], [214, 66, 72], [250, 164, 60], [255, 246, 190]], np.float32)
    place = np.clip(values, 0, 1) * (len(stops) - 1)
    low = np.minimum(place.astype(int), len(stops) - 2)
    share = (place - low)[..., None]
    return Image.fromarray(np.rint(stops[low] * (1 - share) + stops[low + 1] * share).astype(np.uint8))


def over(picture: Image.Image, values: NDArray[np.floating[Any]]) -> Image.Image:
    """A heat map (h, w), 0 to 1, over a picture whose outlines stay visible."""
    warm = heat(values).resize(picture.size, Image.Resampling.BICUBIC)
    grey = picture.convert("L").convert("RGB")
    return Image.blend(grey, warm, 0.68)


def _side(band: Band) -> int:
    return (WIDTH - 2 * _MARGIN - (band.columns - 1) * _GAP) // band.columns


def _lines(band: Band) -> list[Sequence[Panel]]:
    return [band.panels[start : start + band.columns] for start in range(0, len(band.panels), band.columns)]


def _line_height(band: Band, panels: Sequence[Panel]) -> int:
    side, words = _side(band), max(len(each.words) for each in panels)
    return max(_fit(each, side).height for each in panels) + (8 + words * _LINE if words else 0) + _GAP


def _height(band: Band) -> int:
    return (_TITLE_HEIGHT if band.title else 0) + sum(_line_height(band, line) for line in _lines(band)) + 6


def _draw_band(sheet: Image.Image, pen: ImageDraw.ImageDraw, band: Band, top: int, lettering: Lettering) -> None:
    if band.title:
        pen.text((_MARGIN, top - lettering.lift), band.title, fill=MUTED, font=lettering.title)
        top += _TITLE_HEIGHT
    side = _side(band)
    for line in _lines(band):
        highest = max(_fit(each, side).height for each in line)
        for column, panel in enumerate(line):
            left, fitted = _MARGIN + column * (side + _GAP), _fit(panel, side)
            sheet.paste(fitted, (left + (side - fitted.width) // 2, top + highest - fitted.height))
            for number, words in enumerate(panel.words):
                ink = INK if number == 0 else MUTED
                place = left + side / 2, top + highest + 8 + number * _LINE - lettering.lift
                pen.text(place, words, fill=ink, font=lettering.words, anchor="ma")
        top += _line_height(band, line)


def _fit(panel: Panel, side: int) -> Image.Image:
    picture, scale = panel.picture.convert("RGB"), side / panel.picture.width
    kind = Image.Resampling.LANCZOS if panel.smooth or scale < 1 else Image.Resampling.NEAREST
    return picture.resize(scaled(picture.size, scale), kind)

"""A contact sheet: rows of pictures with words beneath each."""

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

from imaging.framing import scaled

GAP = 10
INK, PAPER = (33, 37, 41), (255, 255, 255)

_TITLE, _HEAD, _WORDS = (ImageFont.load_default(size) for size in (20, 15, 13))
_LINE = 16


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A picture and the words beneath it."""

    picture: Image.Image
    words: str = ""


def draw_page(title: str, rows: Sequence[Sequence[Cell]], *, side: int, heads: Sequence[str] = ()) -> Image.Image:
    """Draw rows of cells of `side` pixels under a title and, where given, a head over each column."""
    width = GAP + max(len(row) for row in rows) * (side + GAP)
    lines = [max(len(wrapped(cell.words, side)) for cell in row) for row in rows]
    top = GAP + 30 + (24 if heads else 0)
    sheet = Image.new("RGB", (width, top + sum(side + 6 + count * _LINE + GAP for count in lines)), PAPER)
    pen = ImageDraw.Draw(sheet)
    pen.text((GAP, GAP), title, fill=INK, font=_TITLE)
    for column, head in enumerate(heads):
        pen.text((GAP + column * (side + GAP), GAP + 30), head, fill=INK, font=_HEAD)
    for row, count in zip(rows, lines, strict=True):
        for column, cell in enumerate(row):
            _draw_cell(sheet, pen, cell, (GAP + column * (side + GAP), top), side)
        top += side + 6 + count * _LINE + GAP
    return sheet


def wrapped(words: str, width: int) -> list[str]:
    """Break words into lines of at most `width` pixels; a longer word has a line of its own."""
    lines: list[str] = []
    for word in words.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and _WORDS.getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _draw_cell(sheet: Image.Image, pen: ImageDraw.ImageDraw, cell: Cell, place: tuple[int, int], side: int) -> None:
    left, top = place
    fitted = _fit(cell.picture, side)
    sheet.paste(fitted, (left + (side - fitted.width) // 2, top + (side - fitted.height) // 2))
    for number, line in enumerate(wrapped(cell.words, side)):
        pen.text((left, top + side + 4 + number * _LINE), line, fill=INK, font=_WORDS)


def _fit(picture: Image.Image, side: int) -> Image.Image:
    """Enlarge small pictures by whole pixels' squares, so that nothing is smoothed over; shrink large ones."""
    scale = side / max(picture.size)
    kind = Image.Resampling.NEAREST if scale >= 1 else Image.Resampling.LANCZOS
    return picture.convert("RGB").resize(scaled(picture.size, scale), kind)

"""A picture sheet: labelled columns of pictures, a row a photo, tiny pictures enlarged so that a person can judge them."""

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

from imaging.framing import scaled

CELL = 224
"""Side of one cell in pixels; every picture is fitted into it with its aspect kept."""

GAP = 12
LABEL_HEIGHT = 34
INK = (33, 37, 41)
PAPER = (255, 255, 255)


@dataclass(frozen=True, kw_only=True)
class SheetRow:
    """One photo's pictures, left to right, and the caption under them."""

    pictures: Sequence[Image.Image]
    caption: str = ""


def draw_sheet(columns: Sequence[str], rows: Sequence[SheetRow], *, title: str = "", note: str = "") -> Image.Image:
    """Draw ``rows`` under the labels ``columns``: an RGB picture of ``len(columns)`` cells a row, a ``note`` below all.

    Raises ValueError where a row has another number of pictures than there are columns.
    """
    top = GAP + (LABEL_HEIGHT if title else 0)
    row_height = CELL + LABEL_HEIGHT
    width = GAP + len(columns) * (CELL + GAP)
    bottom = top + LABEL_HEIGHT + len(rows) * (row_height + GAP)
    sheet = Image.new("RGB", (width, bottom + (LABEL_HEIGHT if note else 0)), PAPER)
    draw = ImageDraw.Draw(sheet)
    draw.text((GAP, GAP), title, fill=INK, font=ImageFont.load_default(20))
    for index, label in enumerate(columns):
        draw.text((_left(index), top), label, fill=INK, font=ImageFont.load_default(16))
    for index, row in enumerate(rows):
        if len(row.pictures) != len(columns):
            raise ValueError(f"row {index} has {len(row.pictures)} pictures; the sheet has {len(columns)} columns")
        _draw_row(sheet, draw, row, top + LABEL_HEIGHT + index * (row_height + GAP))
    draw.text((GAP, bottom), note, fill=INK, font=ImageFont.load_default(14))
    return sheet


def _draw_row(sheet: Image.Image, draw: ImageDraw.ImageDraw, row: SheetRow, y: int) -> None:
    for index, picture in enumerate(row.pictures):
        size = scaled(picture.size, CELL / max(picture.size))
        fitted = picture.convert("RGB").resize(size, Image.Resampling.LANCZOS)
        sheet.paste(fitted, (_left(index) + (CELL - fitted.width) // 2, y + (CELL - fitted.height) // 2))
    draw.text((GAP, y + CELL + 4), row.caption, fill=INK, font=ImageFont.load_default(14))


def _left(column: int) -> int:
    return GAP + column * (CELL + GAP)

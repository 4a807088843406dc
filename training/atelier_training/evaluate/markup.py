"""Small pieces of HTML: escaped text, tables, embedded pictures."""

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from PIL import Image

from imaging.pictures import encode

LEAST_SIDE, MOST_SIDE = 224, 640
"""Embedded pictures have their larger side in this range of pixels: tiny ones are enlarged, photos made smaller."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One table cell: text to be escaped, right-aligned where it is a number, or coloured by ``tone`` (``good`` or ``bad``)."""

    text: str
    number: bool = False
    tone: str = ""


def table(caption: str, columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """A table whose first column heads the rows."""
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in columns)
    body = "".join(f"<tr>{_row(row)}</tr>" for row in rows)
    return f"<table><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def text_rows(shown: Mapping[str, str]) -> list[list[Cell]]:
    """A row of name and value each."""
    return [[Cell(text=name), Cell(text=value)] for name, value in shown.items()]


def figure(image: Image.Image, caption: str, alt: str) -> str:
    """A picture with the words under it and the words for those who cannot see it."""
    source = data_uri(fitted(image))
    return f'<figure><img src="{source}" alt="{escape(alt)}"><figcaption>{escape(caption)}</figcaption></figure>'


def fitted(image: Image.Image) -> Image.Image:
    """An image at a size that a person can judge and a page can carry."""
    longest = max(image.size)
    scale = min(max(longest, LEAST_SIDE), MOST_SIDE) / longest
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image if scale == 1 else image.resize(size, Image.Resampling.LANCZOS)


def data_uri(image: Image.Image) -> str:
    """An image inside the page: JPEG, because a report of a dozen photos should still travel by mail."""
    return f"data:image/jpeg;base64,{base64.b64encode(encode(image.convert('RGB'), 'jpeg')).decode()}"


def _row(cells: Sequence[Cell]) -> str:
    first, *rest = cells
    return f'<th scope="row">{escape(first.text)}</th>' + "".join(_cell(cell) for cell in rest)


def _cell(cell: Cell) -> str:
    names = " ".join(filter(None, ["number" if cell.number else "", cell.tone]))
    return f'<td class="{names}">{escape(cell.text)}</td>' if names else f"<td>{escape(cell.text)}</td>"

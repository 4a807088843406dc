"""A terminal's lines as an SVG: text as text, and pictures of half blocks as the small pictures that they are."""

import base64
import io
import re
from collections.abc import Iterator, Sequence
from html import escape
from itertools import groupby

from PIL import Image, ImageColor

from docs.terminal.screen import Look, TerminalCell

WIDTH, HEIGHT = 8.4, 18.0
"""Of a cell, in the SVG's pixels; a cell is a little more than twice as high as wide, as in most terminals."""
SIZE = 14
MARGIN, BAR = 16.0, 34.0
GROUND, INK, FAINT = "#16181d", "#dee2e6", "#868e96"
HALF_BLOCK = "▀"
_FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', 'Noto Sans Mono CJK KR', monospace"

_BEHIND = "\0"
"""In place of the sign behind one that is two cells wide."""
_WORDS = re.compile(r"\S+(?: \S+)*")

Row = Sequence[TerminalCell]


def drawn(rows: Sequence[Row], *, columns: int, title: str, about: str) -> str:
    """The SVG of the lines; ``about`` says to those who cannot see it what it shows."""
    width, height = columns * WIDTH + 2 * MARGIN, len(rows) * HEIGHT + BAR + MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" role="img">',
        f"<title>{escape(about)}</title>",
        f'<rect width="{width:g}" height="{height:g}" rx="8" fill="{GROUND}"/>',
        *(f'<circle cx="{MARGIN + 4 + 18 * n:g}" cy="17" r="5" fill="#495057"/>' for n in range(3)),
        f'<g font-family="{_FONT}" font-size="{SIZE}" fill="{INK}">',
        f'<text x="{width / 2:g}" y="22" text-anchor="middle" fill="{FAINT}">{escape(title)}</text>',
        *_lines(rows),
        "</g>",
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _lines(rows: Sequence[Row]) -> Iterator[str]:
    top = BAR
    for pictured, part in groupby(rows, _is_picture):
        block = list(part)
        if pictured:
            yield _picture(block, top)
        else:
            for number, row in enumerate(block):
                yield from _runs(row, top + number * HEIGHT)
        top += len(block) * HEIGHT


def _is_picture(row: Row) -> bool:
    return bool(row) and all(cell.sign == HALF_BLOCK and cell.look.colour and cell.look.ground for cell in row)


def _picture(rows: Sequence[Row], top: float) -> str:
    """The picture that the half blocks are: a pixel for the upper half of each cell, and one for the lower."""
    columns = max(map(len, rows))
    picture = Image.new("RGB", (columns, 2 * len(rows)), GROUND)
    for y, row in enumerate(rows):
        for x, cell in enumerate(row):
            picture.putpixel((x, 2 * y), ImageColor.getrgb(cell.look.colour))
            picture.putpixel((x, 2 * y + 1), ImageColor.getrgb(cell.look.ground))
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True)
    address = f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
    size = f'width="{columns * WIDTH:g}" height="{len(rows) * HEIGHT:g}" preserveAspectRatio="none"'
    return f'<image x="{MARGIN:g}" y="{top:g}" {size} style="image-rendering: pixelated" href="{address}"/>'


def _runs(row: Row, top: float) -> Iterator[str]:
    """A text for each run of signs that look the same, as wide as its cells whatever the font.

    Where spaces follow each other a text ends: browsers draw them as one, and would stretch it.
    """
    column = 0
    for look, part in groupby(row, lambda cell: cell.look):
        text = "".join(cell.sign or _BEHIND for cell in part)
        for found in _WORDS.finditer(text):
            left, bottom = MARGIN + (column + found.start()) * WIDTH, top + HEIGHT - 5
            wide = f'textLength="{len(found.group()) * WIDTH:g}" lengthAdjust="spacingAndGlyphs"'
            yield f'<text x="{left:g}" y="{bottom:g}" {wide}{_style(look)}>{escape(found.group().replace(_BEHIND, ""))}</text>'
        column += len(text)


def _style(look: Look) -> str:
    weight = ' font-weight="bold"' if look.bold else ""
    colour = look.colour or (FAINT if look.dim else "")
    return f'{weight} fill="{colour}"' if colour else weight

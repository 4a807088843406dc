"""What commands show: results on stdout, what they do meanwhile on stderr; pictures and curves where a terminal can."""

import io
import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

_BARS = "▁▂▃▄▅▆▇█"
_HALF = "▀"
"""The upper half of a cell in its own colour, the lower in the background's: two pixels."""
MOST_COLUMNS = 100
_FEWEST_LINES = 12
"""Of a picture, however low the terminal is."""
_GAP = 2
"""Cells between two columns."""
_LEAST = 24
"""Cells that a last column of many words has at least."""


def console() -> Console:
    """Of results. A pipe gets plain lines that are never broken."""
    if sys.stdout.isatty():
        return Console(highlight=False)
    return Console(highlight=False, width=10_000, color_system=None)


def print_json(document: object) -> None:
    """One JSON document on stdout."""
    print(json.dumps(document, ensure_ascii=False, indent=2))


def table(titles: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Rows with titles. Where the terminal is too narrow for them, each row is a block of lines: nothing is cut.

    Texts are printed as they are, whatever signs they hold.
    """
    cells = [["" if cell is None else str(cell) for cell in row] for row in rows]
    if not _fits(titles, cells):
        _records(titles, cells)
        return
    drawn = Table(box=None, pad_edge=False, header_style="bold")
    for number, title in enumerate(titles, start=1):
        drawn.add_column(title, no_wrap=number < len(titles), overflow="fold")
    for row in cells:
        drawn.add_row(*map(Text, row))
    _print(drawn)


def _fits(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Whether all columns but the last are shown whole, and the last, which may be broken into lines, has room for some words."""
    *widths, last = (max(map(cell_len, column)) for column in zip(titles, *rows, strict=True))
    return sum(widths) + _GAP * len(widths) + min(last, _LEAST) <= console().width


def _records(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A block a row, a line a cell that is not empty."""
    for number, row in enumerate(rows):
        if number:
            print()
        facts({title: cell for title, cell in zip(titles, row, strict=True) if cell})


def facts(pairs: Mapping[str, object]) -> None:
    """Names and what they are, a line each; what is None is left out."""
    drawn = Table(box=None, pad_edge=False, show_header=False)
    drawn.add_column(no_wrap=True)
    drawn.add_column(overflow="fold")
    for name, value in pairs.items():
        if value is not None:
            drawn.add_row(Text(name, style="dim"), Text(str(value)))
    _print(drawn)


def _print(drawn: Table) -> None:
    shown = console()
    if shown.is_terminal:
        shown.print(drawn)
        return
    with shown.capture() as kept:
        shown.print(drawn)
    print("\n".join(line.rstrip() for line in kept.get().splitlines()))


def curve(values: Sequence[float], columns: int = 40) -> str:
    """Numbers as bars, the newest last, each the mean of its part; empty where there are none."""
    if not values:
        return ""
    width = min(columns, len(values))
    parts = [values[at * len(values) // width : (at + 1) * len(values) // width] for at in range(width)]
    means = [sum(part) / len(part) for part in parts]
    low, span = min(means), max(means) - min(means)
    return "".join(_BARS[round((mean - low) / span * (len(_BARS) - 1))] if span else _BARS[0] for mean in means)


def shows_pictures() -> bool:
    """Whether stdout is a terminal of 16 million colours, and nobody asked for none."""
    colours = os.environ.get("COLORTERM", "").lower() in ("truecolor", "24bit")
    return sys.stdout.isatty() and colours and not os.environ.get("NO_COLOR")


def print_picture(content: bytes, *, columns: int = MOST_COLUMNS, cut: bool = False) -> None:
    """Draw a picture's file with half blocks, no higher than the terminal, where it can; else nothing.

    With ``cut`` a high picture keeps its width and ends where the terminal does: of a sheet, the first rows.
    """
    if shows_pictures():
        shown = console()
        most = max(_FEWEST_LINES, shown.height - 4)
        for line in half_blocks(content, min(columns, shown.width), 0 if cut else most)[:most]:
            sys.stdout.write(line + "\n")
        sys.stdout.flush()


def half_blocks(content: bytes, columns: int, lines: int = 0) -> list[str]:
    """A picture's file as lines of half blocks, at most ``columns`` wide and, unless it is 0, ``lines`` high."""
    from PIL import Image

    with Image.open(io.BytesIO(content)) as opened:
        picture = opened.convert("RGB")
    width = min(columns, picture.width, max(1, 2 * lines * picture.width // picture.height) if lines else columns)
    height = max(2, round(picture.height * width / picture.width) // 2 * 2)
    small = picture.resize((width, height))
    return [
        "".join(_cell(small.getpixel((x, y)), small.getpixel((x, y + 1))) for x in range(width)) + "\033[0m"
        for y in range(0, height, 2)
    ]


def _cell(upper: Any, lower: Any) -> str:
    return f"\033[38;2;{upper[0]};{upper[1]};{upper[2]};48;2;{lower[0]};{lower[1]};{lower[2]}m{_HALF}"


def duration(seconds: float) -> str:
    """Seconds as people say them: ``40 s``, ``7 min``, ``1 h 20 min``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"

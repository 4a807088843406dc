"""A stage's picture as SVG."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from itertools import pairwise
from pathlib import Path

from docs.diagram.arrows import EVENTS, FAILURES, arrows
from docs.diagram.boxes import Box, Boxes
from docs.diagram.layout import EDGE, LINE, lies_in_storage, lines, placed
from docs.diagram.routes import Point, Rectangle, Ways
from infra.gate.assembly import Assembly

STAGE = "prod"
FILE = Path(__file__).resolve().parents[1] / "pictures" / "architecture.svg"

_FILLS = {
    "": "#ffffff",
    "Api": "#d0ebff",
    "Serving": "#d3f9d8",
    "Training": "#fff3bf",
    "Storage": "#e5dbff",
    "Monitoring": "#ffdeeb",
}
_ROUND = ("S3", "DynamoDB", "SNS", "SQS")
_LETTER = 6  # the width of one of a label's letters, in pixels


def picture(assembly: Assembly) -> str:
    """The whole file."""
    found = arrows(Boxes(assembly))
    places = placed(found)
    frames = {
        stack: _frame([place for box, place in places.items() if box.stack == stack]) for stack in _FILLS if stack
    }
    width = max(place.left + place.width for place in places.values()) + EDGE
    height = max(place.top + place.height for place in places.values()) + EDGE
    titles = [Rectangle(left=f.left, top=f.top, width=90, height=20) for f in frames.values()]
    ways = Ways(places.values(), titles, width, height)
    drawn = [(found[pair], ways.find(*(places[box] for box in pair))) for pair in _by_distance(found, places)]
    parts = [
        *(_framed(stack, frame) for stack, frame in frames.items()),
        *(_box(box, place, lines(box, found)) for box, place in places.items()),
        *(_line(verbs, way) for verbs, way in drawn),
        *_labels(drawn, [*places.values(), *titles], width),
    ]
    return _FILE.format(width=width, height=height, parts="\n".join(parts))


def _by_distance(found: Mapping[tuple[Box, Box], object], places: Mapping[Box, Rectangle]) -> list[tuple[Box, Box]]:
    """Short arrows first: they have the fewest ways to choose from."""

    def distance(pair: tuple[Box, Box]) -> tuple[int, str]:
        (x, y), (u, v) = (places[box].middle for box in pair)
        return abs(x - u) + abs(y - v), f"{pair[0].name} {pair[1].name}"

    return sorted((pair for pair in found if not any(map(lies_in_storage, pair))), key=distance)


def _frame(places: Sequence[Rectangle]) -> Rectangle:
    """Around the boxes of a stack, with room for its name."""
    left, top = min(place.left for place in places) - 20, min(place.top for place in places) - 30
    right, bottom = max(p.left + p.width for p in places) + 20, max(p.top + p.height for p in places) + 14
    return Rectangle(left=left, top=top, width=right - left, height=bottom - top)


def _framed(stack: str, frame: Rectangle) -> str:
    title = f'<text x="{frame.left + 10}" y="{frame.top + 18}" class="stack">{stack}</text>'
    return f"{_rectangle(frame, 8, 'frame', '#f8f9fa')}\n{title}"


def _rectangle(place: Rectangle, radius: int, kind: str, fill: str) -> str:
    size = f'x="{place.left}" y="{place.top}" width="{place.width}" height="{place.height}"'
    return f'<rect {size} rx="{radius}" fill="{fill}" class="{kind}"/>'


def _box(box: Box, place: Rectangle, texts: Sequence[str]) -> str:
    x, y = place.middle
    first = y - (len(texts) - 1) * LINE // 2 + 4
    kinds = ["name", *(["service"] if box.service else []), *["fact"] * len(texts)]
    rows = [
        f'<text x="{x}" y="{first + number * LINE}" class="{kind}">{escape(text)}</text>'
        for number, (kind, text) in enumerate(zip(kinds, texts, strict=False))
    ]
    return "\n".join([_rectangle(place, 20 if box.service in _ROUND else 6, "box", _FILLS[box.stack]), *rows])


def _line(verbs: tuple[str, ...], way: Sequence[Point]) -> str:
    points = " ".join(f"{x},{y}" for x, y in way)
    return f'<polyline points="{points}" class="{"event" if {EVENTS, FAILURES} & set(verbs) else "call"}"/>'


def _labels(
    drawn: Sequence[tuple[tuple[str, ...], Sequence[Point]]], taken: list[Rectangle], width: int
) -> Iterator[str]:
    """The verbs on their arrows, each on the picture and where it covers nothing else, if there is such a place."""
    for verbs, way in drawn:
        text = ", ".join(verbs)
        anywhere = [_around(x, y, len(text)) for x, y in _on(way)]
        places = [each for each in anywhere if 0 <= each.left <= width - each.width] or anywhere
        place = next((each for each in places if not any(each.meets(other) for other in taken)), places[0])
        taken.append(place)
        yield _rectangle(place, 4, "under", "#f8f9fa")
        yield f'<text x="{place.middle[0]}" y="{place.middle[1] + 4}" class="verb">{text}</text>'


def _on(way: Sequence[Point]) -> Iterator[Point]:
    """Points of a way: the middle, then two more, of its longest part first."""
    parts = sorted(pairwise(way), key=lambda part: -abs(part[0][0] - part[1][0]) - abs(part[0][1] - part[1][1]))
    for (x, y), (u, v) in parts:
        yield from ((x + (u - x) * share // 8, y + (v - y) * share // 8) for share in (4, 3, 5, 2, 6))


def _around(x: int, y: int, letters: int) -> Rectangle:
    width = letters * _LETTER
    return Rectangle(left=x - width // 2, top=y - LINE // 2, width=width, height=LINE)


_FILE = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-labelledby="t">
<title id="t">The stacks of a stage, what is in them, and who does what with whom</title>
<style>
text {{ font: 12px system-ui, Helvetica, Arial, sans-serif; fill: #212529; text-anchor: middle }}
.name {{ font-weight: 600 }}
.service {{ fill: #495057; font-size: 11px }}
.fact {{ font-size: 11px }}
.stack {{ text-anchor: start; font-weight: 600; fill: #495057 }}
.frame {{ stroke: #adb5bd }}
.box {{ stroke: #868e96 }}
.call, .event {{ fill: none; stroke: #343a40; stroke-width: 1.4; marker-end: url(#a) }}
.event {{ stroke-dasharray: 5 3 }}
.verb {{ font-size: 11px; font-style: italic }}
</style>
<defs><marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
<path d="M0 0L8 4L0 8z" fill="#343a40"/></marker></defs>
<rect width="{width}" height="{height}" fill="#ffffff"/>
{parts}
</svg>
"""

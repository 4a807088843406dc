"""Where the boxes of a stage's picture lie: at places that are chosen by hand, one for each box."""

from collections import defaultdict
from collections.abc import Mapping
from textwrap import wrap

from docs.diagram.arrows import Arrows
from docs.diagram.boxes import Box
from docs.diagram.routes import STEP, Rectangle

PLACES: Mapping[str, tuple[float, int]] = {
    "client": (0, 0),
    "Api web page": (1, 0),
    "Api page": (3, 0),
    "Api files": (4, 0),
    "Api HTTP API": (0, 1),
    "Api authorize": (2, 0),
    "Api api": (1, 1),
    "Api inference_result, reconcile": (1, 2),
    "Api dead letters": (0, 3),
    "Api due": (1, 3),
    "Api batches": (2, 3),
    "Api handlers of steps": (3, 3),
    "Api settle_batches": (4, 3),
    "Api delete_people": (4, 2),
    "Serving asynchronous endpoint": (2, 1),
    "Serving base_model": (3, 1),
    "Serving error, success": (2, 2),
    "Training jobs": (0, 4),
    "Training fine-tuning, pretraining": (1, 4),
    "Training handlers of steps": (2, 4),
    "Training model registry": (3, 4),
    "Training news": (0, 5),
    "Training settle": (1, 5),
    "Training dead letters": (2, 5),
    "Training expire_logs": (3, 5),
    "Training report_stop": (4, 5),
    "Training delete_styles": (4, 4),
    "Monitoring alarms, budget": (0, 6),
    "Storage records": (1, 6),
    "Storage data": (1.7, 6),
    "Storage media": (2.4, 6),
    "Storage model": (3.1, 6),
}
"""The column and the row of each box, by its stack and name."""

LINE = 16
"""The height of a line of text, in pixels."""

EDGE = 40
"""The space around the picture, in pixels."""

_STORAGE = ("S3", "DynamoDB")
_WIDTH, _COLUMN, _GAP = 190, 260, 60
_LETTERS = 30  # that a line of a box has room for


def lies_in_storage(box: Box) -> bool:
    """Whether a box is drawn without arrows: nearly every other one reads or writes it, so its arrows would hide all others."""
    return box.service in _STORAGE


def lines(box: Box, arrows: Arrows) -> list[str]:
    """The text of a box: its name, its service, facts, and which of the storage it uses."""
    used: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for (source, target), verbs in arrows.items():
        if source == box and lies_in_storage(target):
            used[verbs].append(target.name)
        if target == box and lies_in_storage(source):
            used["called by",].append(f"{source.name}'s events")
    facts = [*box.facts, *(f"{', '.join(verbs)} {', '.join(sorted(names))}" for verbs, names in used.items())]
    return [box.name, *filter(None, [box.service]), *(line for fact in facts for line in wrap(fact, _LETTERS))]


def placed(arrows: Arrows) -> dict[Box, Rectangle]:
    """The place of each box; a row is as high as its highest box. Raises ValueError where a box has no place, or a place no box."""
    boxes = {f"{box.stack} {box.name}".strip(): box for pair in arrows for box in pair}
    if unlike := boxes.keys() ^ PLACES.keys():
        raise ValueError(f"docs/diagram: got {', '.join(sorted(unlike))}; allowed: one place in PLACES for each box")
    heights = {box: _height(len(lines(box, arrows))) for box in boxes.values()}
    tops, top = dict[int, int](), EDGE
    for row in sorted({row for _, row in PLACES.values()}):
        tops[row] = top
        top += max(heights[boxes[name]] for name, place in PLACES.items() if place[1] == row) + _GAP
    return {
        boxes[name]: Rectangle(
            left=EDGE + round(column * _COLUMN) // STEP * STEP,
            top=tops[row],
            width=_WIDTH - 40 * lies_in_storage(boxes[name]),
            height=heights[boxes[name]],
        )
        for name, (column, row) in PLACES.items()
    }


def _height(count: int) -> int:
    """Whole double steps, so that the middle of a side is a point of the grid."""
    return -(-(count * LINE + 14) // (2 * STEP)) * 2 * STEP

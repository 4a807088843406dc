"""Ways for arrows between boxes: along a grid, around every box, with few corners and crossings."""

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

STEP = 10
"""The grid, in pixels."""

_CORNER, _CROSSING, _BESIDE, _ALONG = 8, 12, 2, 400
"""What a corner, a crossing, and a step beside or on the way of another arrow cost, where a step costs 1."""

_MARGIN = 1  # grid steps that a way keeps from boxes
_SIDES = ((1, 0), (-1, 0), (0, 1), (0, -1))

Point = tuple[int, int]
Step = tuple[Point, Point]  # a point, and the direction in which it is reached


@dataclass(frozen=True, kw_only=True)
class Rectangle:
    """In pixels, all of them multiples of ``STEP``."""

    left: int
    top: int
    width: int
    height: int

    @property
    def middle(self) -> Point:
        """Its centre."""
        return self.left + self.width // 2, self.top + self.height // 2

    def meets(self, other: "Rectangle") -> bool:
        """Whether both have a point in common."""
        across = self.left < other.left + other.width and other.left < self.left + self.width
        return across and self.top < other.top + other.height and other.top < self.top + self.height

    def cells(self, margin: int) -> Iterator[Point]:
        """The points of the grid in it, and ``margin`` steps around."""
        for x in range(self.left // STEP - margin, (self.left + self.width) // STEP + margin + 1):
            yield from ((x, y) for y in range(self.top // STEP - margin, (self.top + self.height) // STEP + margin + 1))

    def doors(self) -> Iterator[tuple[Point, Point]]:
        """The points of its border but for its corners, each with the direction that leads out."""
        left, top = self.left // STEP, self.top // STEP
        right, bottom = (self.left + self.width) // STEP, (self.top + self.height) // STEP
        for x in range(left + 2, right - 1):
            yield from (((x, top), (0, -1)), ((x, bottom), (0, 1)))
        for y in range(top + 2, bottom - 1):
            yield from (((left, y), (-1, 0)), ((right, y), (1, 0)))


class Ways:
    """Finds a way for one arrow after the other; later ones keep off the earlier."""

    def __init__(self, boxes: Iterable[Rectangle], titles: Iterable[Rectangle], width: int, height: int) -> None:
        self._walls = {cell for box in boxes for cell in box.cells(_MARGIN)}
        self._walls |= {cell for title in titles for cell in title.cells(0)}
        self._size = width // STEP, height // STEP
        self._costs: dict[tuple[Point, bool], int] = {}  # what it costs more to go through a point, across or upright

    def find(self, source: Rectangle, target: Rectangle) -> list[Point]:
        """The corners of the cheapest way in pixels, both ends included. Raises ValueError where there is none."""
        goals = {door: (-x, -y) for door, (x, y) in target.doors()}
        closed = self._walls - {*source.cells(_MARGIN), *target.cells(_MARGIN)} | {*source.cells(0), *target.cells(0)}
        # Each entry: the cost with what is at least ahead, the cost, the step, the step before.
        heap = [(0, _off_middle(door, source), (door, way), (door, way)) for door, way in source.doors()]
        before: dict[Step, Step] = {}
        while heap:
            _, cost, step, previous = heapq.heappop(heap)
            if step in before:
                continue
            before[step] = previous
            (x, y), way = step
            if goals.get((x, y)) == way:
                return self._kept(before, step)
            for turn in _SIDES:
                there = x + turn[0], y + turn[1]
                arrived = goals.get(there) == turn
                if turn == (-way[0], -way[1]) or (there in closed and not arrived) or not self._within(there):
                    continue
                more = cost + 1 + _CORNER * (turn != way) + self._costs.get((there, turn[0] == 0), 0)
                more += _off_middle(there, target) if arrived else 0
                heapq.heappush(heap, (more + _ahead(there, target), more, (there, turn), step))
        raise ValueError("docs/diagram: got two boxes that no way leads between; allowed: room around every box")

    def _within(self, point: Point) -> bool:
        return 0 < point[0] < self._size[0] and 0 < point[1] < self._size[1]

    def _kept(self, before: dict[Step, Step], end: Step) -> list[Point]:
        steps = [end]
        while before[steps[-1]] != steps[-1]:
            steps.append(before[steps[-1]])
        steps.reverse()
        corners = []
        for (point, way), (_, onward) in zip(steps, [*steps[1:], end], strict=True):
            for upright in {way[0] == 0, onward[0] == 0}:
                self._charge(point, upright)
            if way != onward:
                corners.append(point)
        return [(x * STEP, y * STEP) for x, y in (steps[0][0], *corners, end[0])]

    def _charge(self, point: Point, upright: bool) -> None:
        x, y = point
        sides = ((x - 1, y), (x + 1, y)) if upright else ((x, y - 1), (x, y + 1))
        charges = [
            (point, upright, _ALONG),
            (point, not upright, _CROSSING),
            *((side, upright, _BESIDE) for side in sides),
        ]
        for where, direction, cost in charges:
            self._costs[where, direction] = self._costs.get((where, direction), 0) + cost


def _off_middle(door: Point, box: Rectangle) -> int:
    """Arrows begin and end at the middle of a side where they can."""
    x, y = box.middle
    return min(abs(door[0] * STEP - x), abs(door[1] * STEP - y)) // STEP


def _ahead(point: Point, box: Rectangle) -> int:
    """How many steps it takes at least."""
    x, y = point[0] * STEP, point[1] * STEP
    across = max(box.left - x, 0, x - box.left - box.width)
    return (across + max(box.top - y, 0, y - box.top - box.height)) // STEP

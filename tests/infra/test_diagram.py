"""The picture of a stage: it is what the templates say, and every box has a place."""

import json
import re
from dataclasses import replace
from itertools import pairwise

import pytest

from docs.diagram.arrows import arrows
from docs.diagram.boxes import Boxes
from docs.diagram.layout import PLACES, placed
from docs.diagram.routes import STEP, Point, Rectangle, Ways
from docs.diagram.svg import FILE, picture
from infra.gate.assembly import Assembly
from tests.infra.conftest import Synthesized


def named(assembly: Assembly) -> dict[tuple[str, str], tuple[str, ...]]:
    """The arrows by the names of the boxes at both ends."""
    return {(source.name, target.name): verbs for (source, target), verbs in arrows(Boxes(assembly)).items()}


def test_the_picture_is_what_make_docs_draws(prod: Synthesized) -> None:
    assert picture(prod.assembly) == FILE.read_text(encoding="utf-8"), "run `make docs` and commit what it writes"


def test_no_label_leaves_the_picture(prod: Synthesized) -> None:
    drawn = picture(prod.assembly)
    width = int(re.findall(r'viewBox="0 0 (\d+) ', drawn)[0])
    labels = [
        (int(left), int(each))
        for left, each in re.findall(r'<rect x="(-?\d+)" y="-?\d+" width="(\d+)" [^>]*class="under"/>', drawn)
    ]
    assert len(labels) > 20
    assert [(left, each) for left, each in labels if left < 0 or left + each > width] == []


def test_an_arrow_is_drawn_because_a_policy_grants_it(prod: Synthesized) -> None:
    start = ("api", "fine-tuning, pretraining")
    assert named(prod.assembly)[start] == ("starts",)
    text = json.dumps(prod.templates).replace("states:StartExecution", "states:ListExecutions")
    assert start not in named(replace(prod.assembly, templates=json.loads(text)))


def test_a_box_without_a_place_and_a_place_without_a_box_are_refused(
    prod: Synthesized, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = arrows(Boxes(prod.assembly))
    monkeypatch.setattr("docs.diagram.layout.PLACES", {**PLACES, "Api gone": (0, 9)})
    with pytest.raises(ValueError, match="got Api gone; allowed: one place in PLACES for each box"):
        placed(found)
    monkeypatch.setattr("docs.diagram.layout.PLACES", {name: PLACES[name] for name in PLACES if name != "Api api"})
    with pytest.raises(ValueError, match="got Api api;"):
        placed(found)


def points(way: list[Point]) -> set[Point]:
    """Every point of the grid that a way goes through."""
    return {
        (x, y)
        for (a, b), (c, d) in pairwise(way)
        for x in range(min(a, c), max(a, c) + 1, STEP)
        for y in range(min(b, d), max(b, d) + 1, STEP)
    }


def test_a_way_goes_around_boxes_and_beside_other_ways() -> None:
    left, wall, right = (Rectangle(left=x, top=100, width=80, height=60) for x in (40, 200, 360))
    ways = Ways([left, wall, right], [], 500, 300)
    first, second = (points(ways.find(left, right)) for _ in range(2))
    assert not first & {(x, y) for x in range(200, 281, STEP) for y in range(100, 161, STEP)}
    assert len(first & second) <= 1
    with pytest.raises(ValueError, match="room around every box"):
        Ways([left, right], [Rectangle(left=160, top=0, width=20, height=300)], 500, 300).find(left, right)

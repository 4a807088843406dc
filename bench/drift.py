"""``make bench-drift``: whether a batch's statistics find what went wrong in it, in 200 photos that the tiny models restyle.

200 drawn photos are restyled with one prompt. One in twenty, at places drawn by the seed, is then taken from a painting that went wrong: in
one of two other colours, or by a model that stopped after one step. And from a place drawn by the seed on, what was painted is made
lighter by a twentieth, as a changed model or lamp would. Ends with one JSON line: of those seeded how many were caught and missed, how
many others were named because of them (``false_alarms``), whether a drift was told that is the planted one (``drift_caught``: of colour, to
the lighter, begun at most a twentieth of the batch beside its place) and how many places beside it began, and what is named where nothing
was spoilt: the tiny model's own odd ones. Exits with 1 unless all that was seeded is found, at most one picture in twenty is named of the
untouched batch and one in a hundred because of others, and the untouched batch has no drift.

How far to trust it: the three ways to go wrong and these limits were chosen after a look at seeds 1 and 2, so those two say little.
Seeds 3 and 4 were run once they stood: 10 of 10 caught, no false alarm, and the drift's beginning found one place off, and exactly.

What is not found: a mask that takes in too much, where the garments themselves differ in size by as much and the colour stays.
"""

import argparse
import io
import json
import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

from PIL import Image

from atelier_inference.modes import Modes
from atelier_ops.logic.consistency import Drift, Outlier, drifts, outliers
from atelier_ops.logic.looks import MeasuredPicture, group_name, measured
from bench.tiny_server import PaintedAnswer, catalogue, paint, request, tiny_modes
from contracts.prediction import PredictionInput
from imaging.appearance import measure_appearance
from models.tiny.make.figures import Drawing

PROMPT = "a photo of a red skirt"
GROUP = group_name(style="", prompt=PROMPT)
SHARE = 0.05
LIGHTER = 1.05
"""Factor of the painted pixels' levels from where the batch drifts on."""
WRONG: Sequence[dict[str, Any]] = (
    {"prompt": "a photo of a purple skirt"},
    {"prompt": "a photo of a green skirt"},
    {"num_inference_steps": 1},
)
MOST_FALSE, MOST_ODD, MOST_BESIDE = 0.01, 0.05, 0.05
"""Shares of the batch: named because of others, named where nothing is wrong, and how far off a drift may seem to begin."""


def main() -> None:
    """Run, print the line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pictures", type=int, default=200)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = run(tiny_modes(Path(folder)), arguments.pictures, Random(arguments.seed))  # noqa: S311 - not for secrets
    print(json.dumps({"seed": arguments.seed, **found}))
    sys.exit(0 if holds(found) else 1)


def holds(found: dict[str, Any]) -> bool:
    """Whether what was seeded was found, and little else."""
    count = found["pictures"]
    few = found["false_alarms"] <= MOST_FALSE * count and found["named_of_untouched"] <= MOST_ODD * count
    caught = found["caught"] and not found["missed"] and found["drift_caught"]
    return bool(caught and few and not found["drifts_of_untouched"])


def run(modes: Modes, count: int, random: Random) -> dict[str, Any]:
    """Paint, spoil, judge."""
    photos = catalogue(modes, count, seed=random.randrange(10**6))
    asked = [request(photo.image, PROMPT, number, return_mask=True) for number, photo in enumerate(photos)]
    answers = list(paint(modes, asked))
    print(f"{count} painted", flush=True)
    items = [look for number, each in enumerate(answers) for look in looks(number, each)]
    strays = sorted(random.sample(range(count), round(SHARE * count)))
    spoilt = replaced(items, wrong(modes, photos, strays))
    named, odd = outliers(spoilt), {int(each.item) for each in outliers(items)}
    places = {int(each.item) for each in named}
    caught = places & set(strays)
    start = random.randrange(count // 5, count - count // 5)
    drifted = [lighter(number, answers[number]) if number >= start else items[number] for number in range(count)]
    told = drifts(drifted)
    beside = off_by(told, start)
    say(named, told)
    return {
        "pictures": count,
        "seeded": len(strays),
        "caught": len(caught),
        "missed": len(strays) - len(caught),
        "false_alarms": len(places - caught - odd),
        "drift_caught": beside is not None and beside <= MOST_BESIDE * count,
        "drift_off_by": beside,
        "named_of_untouched": len(odd),
        "drifts_of_untouched": len(drifts(items)),
    }


def off_by(told: Sequence[Drift], start: int) -> int | None:
    """How many places beside ``start`` a drift to the lighter begins; ``None`` where none was told: another one is not the planted."""
    planted = (each for each in told if each.measure == "colour" and re.search(r"\blighter\b", each.reason))
    return min((abs(int(each.since) - start) for each in planted), default=None)


def wrong(modes: Modes, photos: Sequence[Drawing], strays: Sequence[int]) -> dict[int, MeasuredPicture]:
    """The pictures that went wrong, by place, each in its own way."""
    requests: dict[int, PredictionInput] = {
        place: request(photos[place].image, **{"prompt": PROMPT, "seed": place, **WRONG[number % len(WRONG)]})
        for number, place in enumerate(strays)
    }
    return {place: looks(place, next(paint(modes, [each])))[0] for place, each in requests.items()}


def looks(place: int, answer: PaintedAnswer) -> list[MeasuredPicture]:
    """What the server measured, as a batch's report reads it from the prediction's record."""
    return measured(str(place), GROUP, answer.metrics.to_json())


def lighter(place: int, answer: PaintedAnswer) -> MeasuredPicture:
    """An answer whose painted pixels were a twentieth lighter, measured as the server would."""
    picture, alpha = (Image.open(io.BytesIO(file)) for file in (*answer.files, answer.mask))
    brighter = picture.point(lambda level: min(255, round(level * LIGHTER)))
    appearance = measure_appearance(Image.composite(brighter, picture, alpha), alpha)
    assert appearance is not None
    area = answer.metrics.mask_area
    return MeasuredPicture(item=str(place), picture=0, group=GROUP, mask_area=area, appearance=appearance)


def replaced(items: Sequence[MeasuredPicture], spoilt: dict[int, MeasuredPicture]) -> list[MeasuredPicture]:
    """The batch with some of its pictures gone wrong."""
    return [spoilt.get(number, item) for number, item in enumerate(items)]


def say(named: Sequence[Outlier], told: Sequence[Drift]) -> None:
    """The review list, as a person would read it."""
    for outlier in named:
        print(f"row {outlier.item:>4}  {outlier.score:4.1f}  {'; '.join(outlier.reasons)}")
    for drift in told:
        print(f"drift: {drift.reason}")


if __name__ == "__main__":
    main()

"""``make learn``: draws the pictures of docs/learn and writes its pages with the numbers that were measured.

With ``--measure`` it first trains the tiny model in every way that has no result yet; each result is kept at once, so that what was
cut off goes on. All of it is about 50 minutes of a core, drawing alone two.
"""

import argparse
import json
from pathlib import Path

import torch

from lessons.figures.all_figures import draw_figures
from lessons.pages import NUMBERS, write_pages
from lessons.trainings.drawing import draw_tips
from lessons.trainings.measure import measure
from lessons.trainings.results import TrainingResults
from models.tiny.make.score.quiet import silence_libraries

PARTS = ("figures", "tips", "pages")


def main() -> None:
    """Measure where it is asked for, draw, write."""
    parser = argparse.ArgumentParser(prog="python -m lessons", description=__doc__)
    parser.add_argument("--measure", action="store_true", help="first train what has no result yet")
    parser.add_argument("--most", type=int, help="trainings at most, in this run")
    parser.add_argument("--out", type=Path, default=Path("out/lessons"), help="where trainings work")
    parser.add_argument(
        "--only", choices=PARTS, action="append", help="of what follows the trainings; all where left out"
    )
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    silence_libraries()
    if arguments.measure:
        train(arguments.out.resolve(), arguments.most)
    parts = arguments.only or PARTS
    if "figures" in parts:
        NUMBERS.write_text(
            json.dumps(draw_figures(), indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8"
        )
    if "tips" in parts:
        draw_tips()
    if "pages" in parts:
        write_pages()


def train(out: Path, most: int | None) -> None:
    """Measure the trainings, at most so many, that have no result."""
    results = TrainingResults()
    waiting = results.missing()
    for number, (name, seed) in enumerate(waiting[:most], start=1):
        scores = measure(name, seed, out, results)
        print(f"{number} of {len(waiting)}: {name}, seed {seed}: {scores}", flush=True)


if __name__ == "__main__":
    main()

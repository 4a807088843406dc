"""``make bench-quality``: what fewer rows of the denoiser cost, by the tiny family's scores with three seeds.

Each setting repaints held-out garments, paints a learnt style on photos, and paints figures from words: the same ones for all settings.
Prints a table and ends with one JSON line: for each setting its rows, how many times as fast it is as 20 guided steps of the model's own
sampler (``speed``, by process time), its scores, and those that are worse beyond noise. Exits with 1 where one of the
catalogue's default's is.
"""

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory
from typing import Any

import torch

from bench.quality.settings import DEFAULT, REFERENCE, rows, settings
from bench.quality.tasks import Figures, Garments, QualityTask, StyledSkirts
from bench.quality.verdict import SettingScores, deltas, worse
from contracts.sampling import Sampling
from models.tiny.make.score.cards import WEIGHTS
from models.tiny.make.score.painting import load
from models.tiny.make.score.quiet import silence_libraries
from models.tiny.make.score.styles import load_style, train_style

INPAINT, CLIPSEG = WEIGHTS / "inpaint", WEIGHTS / "clipseg"
HITS = ("colour_obeyed", "pattern_obeyed", "text_to_image")
"""Scores that are shares of pictures."""


def main() -> None:
    """Paint, score, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=48, help="of each task and seed; a third as many of the style")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", help="some settings, separated by semicolons; the reference is always there")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    silence_libraries()
    chosen = {
        name: each
        for name, each in settings().items()
        if not arguments.only or name in (REFERENCE, *arguments.only.split(";"))
    }
    with TemporaryDirectory(prefix="atelier-quality-") as folder:
        tasks = make_tasks(Path(folder), arguments.pictures)
    found = {name: measure(name, each, tasks, arguments.seeds) for name, each in chosen.items()}
    pictures = dict.fromkeys(HITS, arguments.pictures)
    told = {name: tell(chosen[name], each, found[REFERENCE], pictures) for name, each in found.items()}
    print(json.dumps({"pictures": arguments.pictures, "seeds": arguments.seeds, "settings": told}))
    sys.exit(1 if DEFAULT in told and told[DEFAULT]["worse"] else 0)


def make_tasks(scratch: Path, pictures: int) -> list[QualityTask]:
    """What is painted; a style is learnt for it first."""
    painter = load(INPAINT)
    styled = load_style(INPAINT, train_style(INPAINT, scratch, "lora", {}))
    return [
        Garments(painter, pictures),
        StyledSkirts(styled, -(-pictures // 3)),
        Figures(painter, CLIPSEG, pictures),
    ]


def measure(name: str, sampling: Sampling, tasks: Sequence[QualityTask], seeds: int) -> SettingScores:
    """Paint all tasks with each seed, and print the means."""
    scores: list[dict[str, float]] = []
    seconds = 0.0
    for seed in range(seeds):
        scores.append({})
        for task in tasks:
            start = time.process_time()
            painted = task.paint(sampling, seed)
            seconds += time.process_time() - start
            scores[-1] |= task.score(painted)
    found = SettingScores(seeds=scores, cpu=seconds / seeds / sum(task.count for task in tasks))
    means = "  ".join(f"{key} {found.mean(key):.3f} ±{found.error(key):.3f}" for key in scores[0])
    print(f"{name:<28} {rows(sampling):>3} rows  {found.cpu:.3f} CPU-s a picture  {means}", flush=True)
    return found


def tell(
    sampling: Sampling, found: SettingScores, reference: SettingScores, pictures: Mapping[str, int]
) -> dict[str, Any]:
    """A setting's part of the JSON line."""
    return {
        "rows": rows(sampling),
        "speed": round(reference.cpu / found.cpu, 2),
        **{name: round(mean(each[name] for each in found.seeds), 4) for name in found.seeds[0]},
        "delta": deltas(found, reference),
        "worse": worse(found, reference, pictures=pictures),
    }


if __name__ == "__main__":
    main()

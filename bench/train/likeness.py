"""The tiny family's garment, learnt by ours and by the plain loop in equally many steps, with several seeds."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from atelier_training.paths import MlPaths
from bench.train.jobs import run_job
from bench.train.learnt import Scores, Spread, StyleJudge, not_above, spreads
from bench.train.roots import DrawnPicture, make_root, tiny_pictures


def measure_likeness(out: Path, seeds: int, steps: int) -> dict[str, Any]:
    """``likeness_*`` is the share of the real garment's colours on photos; all else of both sides is beside it."""
    pictures = tiny_pictures()
    scores: dict[str, list[Scores]] = {"ours": [], "reference": []}
    judge: StyleJudge | None = None
    for seed in range(seeds):
        for side, found in scores.items():
            paths, cpu = train(side, out, pictures, f"likeness-{side}", seed=seed, max_steps=steps)
            judge = judge or StyleJudge(paths.channel("base"))
            found.append(judge(paths.model, leak=False) | {"cpu_seconds": cpu})
            print(f"likeness, seed {seed}, {side}: {found[-1]}", flush=True)
    ours, reference = spreads(scores["ours"]), spreads(scores["reference"])
    return {
        "likeness_steps": steps,
        "likeness_seeds": seeds,
        **_told("ours", ours),
        **_told("reference", reference),
        "loss_within_noise": not_above(ours["loss"], reference["loss"]),
    }


def train(side: str, out: Path, pictures: Sequence[DrawnPicture], name: str, **tuning: Any) -> tuple[MlPaths, float]:
    """A finished LoRA job of one side on the tiny family, and its CPU seconds."""
    paths = make_root("tiny", "lora", out, pictures, name, **tuning)
    return paths, run_job(side, paths).total


def _told(side: str, found: dict[str, Spread]) -> dict[str, float]:
    names = {
        "garment_share": "likeness",
        "both_colours": "both_colours",
        "loss": "loss",
        "loss_anywhere": "loss_anywhere",
    }
    told: dict[str, float] = {}
    for name, key in names.items():
        told |= {f"{key}_{side}": round(found[name].mean, 4), f"{key}_{side}_spread": round(found[name].deviation, 4)}
    return told

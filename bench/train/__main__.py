"""``make bench-train``: a fine-tune of ours beside a plain training loop, and beside the denoiser's forward and backward pass alone.

The tiny family, and a miniature of Stable Diffusion 1.5's shape with 92 million random weights at 256 pixels, built below ``out``. One
thread. Steps are CPU seconds of one process that does a step of each in turn (``steps_ratio`` is the plain loop's over ours, 2 means
half the time; ``floor_ratio`` ours over the floor), with the training image's variables; whole jobs are processes of their own (ours over
the plain loop's), of which ours has these. Ends with one JSON line. About a quarter of an hour; ONLY names the parts that are run (steps,
jobs, likeness, masks, recipes), of which ``masks`` and ``recipes``, another half an hour each, are not run unless they are named.
"""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

import torch

from bench.train.jobs import compare_jobs, image_variables
from bench.train.likeness import measure_likeness
from bench.train.masks import measure_masks
from bench.train.recipes import measure_recipes
from bench.train.roots import make_root, pictures_of
from bench.train.steps import measure_steps
from models.tiny.make.score.quiet import silence_libraries

PARTS = ("steps", "jobs", "likeness", "masks", "recipes")
STEPPED = (("tiny", "lora"), ("tiny", "full"), ("medium", "lora"), ("medium", "full"))
FULL_STEPS = 4
"""Of the job whose memory is measured: a job of every weight needs no more later."""


def main() -> None:
    """Run, print the line."""
    parser = argparse.ArgumentParser(prog="python -m bench.train", description=__doc__)
    parser.add_argument("--only", default=",".join(PARTS[:3]), help=f"of {','.join(PARTS)}")
    parser.add_argument("--rounds", type=int, default=8, help="steps of each side in a comparison of steps")
    parser.add_argument("--steps", type=int, default=100, help="of the whole job that is compared")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--likeness-steps", type=int, default=60)
    parser.add_argument("--masks-steps", type=int, default=160)
    parser.add_argument("--out", type=Path, default=Path("out/bench-train"))
    arguments = parser.parse_args()
    _have_variables_of_the_image()
    torch.set_num_threads(1)
    silence_libraries()
    print(json.dumps(measure(arguments)))


def _have_variables_of_the_image() -> None:
    """Begin again with what libraries read as a process starts, as both sides of a comparison of steps are in this one."""
    own = {name: value for name, value in image_variables().items() if name != "PYTHONPATH"}
    if any(os.environ.get(name) != value for name, value in own.items()):
        arguments = [sys.executable, "-W", "ignore", "-m", "bench.train", *sys.argv[1:]]
        os.execve(sys.executable, arguments, {**os.environ, **own})  # noqa: S606  # this very program


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """The parts that are asked for, each said as soon as it is known."""
    parts, out = arguments.only.split(","), arguments.out.resolve()
    if unknown := sorted({*parts} - {*PARTS}):
        raise SystemExit(f"--only: got {', '.join(unknown)}; allowed: {', '.join(PARTS)}")
    found: dict[str, Any] = {}

    def say(numbers: dict[str, Any]) -> None:
        found.update(numbers)
        print(json.dumps(numbers), flush=True)

    if "steps" in parts:
        for model, method in STEPPED:
            paths = make_root(model, method, out, pictures_of(model, out))
            say(measure_steps(paths, arguments.rounds).line(f"{model}_{method}"))
        found["steps_ratio_tiny"] = found["steps_ratio_tiny_lora"]
    if "jobs" in parts:
        say(measure_jobs(out, arguments.steps))
    if "likeness" in parts:
        say(measure_likeness(out, arguments.seeds, arguments.likeness_steps))
    if "masks" in parts:
        say(measure_masks(out, arguments.seeds, arguments.masks_steps))
    if "recipes" in parts:
        say(measure_recipes(out, range(arguments.seeds), arguments.masks_steps))
    return found


def measure_jobs(out: Path, steps: int) -> dict[str, Any]:
    """A LoRA of the miniature from its first import to its last file, and the memory of a full fine-tune."""
    pictures, found = pictures_of("medium", out), dict[str, Any]()
    for method, count in (("lora", steps), ("full", FULL_STEPS)):
        name = f"medium_{method}"
        sides = [make_root("medium", method, out, pictures, f"{name}-{side}", max_steps=count) for side in "ab"]
        found |= compare_jobs(*sides).line(name)
    return found | {
        "first_step_ratio": found["first_step_ratio_medium_lora"],
        "memory_ratio_medium": max(found["memory_ratio_medium_lora"], found["memory_ratio_medium_full"]),
        f"total_ratio_{steps}": found[f"total_ratio_medium_lora_{steps}"],
    }


if __name__ == "__main__":
    main()

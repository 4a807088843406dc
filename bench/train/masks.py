"""Whether masks matter: the same job with the garment's masks and with random ones, and the plain loop, with several seeds.

Random masks are one rectangle or ellipse of any size anywhere, eight of each picture, so that a job sees as many different masks as it
draws itself around a garment. All else is the job's own: crops framed by the mask, the loss weighted to it.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bench.train.learnt import Scores, Spread, StyleJudge, spreads
from bench.train.likeness import train
from bench.train.reference import random_mask
from bench.train.roots import DrawnPicture, tiny_pictures
from imaging.masks import Mask, from_image

MASKS_EACH = 8
ARMS = {"semantic masks": "ours", "random masks": "ours", "plain loop": "reference"}
SHOWN = {
    "garment_share": "likeness",
    "both_colours": "both colours shown",
    "leak_both": "leak",
    "leak_colour": "other colours obeyed",
    "loss": "error on set-aside pictures",
}


def measure_masks(out: Path, seeds: int, steps: int) -> dict[str, Any]:
    """A table, printed as Markdown, and its numbers."""
    scores: dict[str, list[Scores]] = {arm: [] for arm in ARMS}
    judge: StyleJudge | None = None
    for seed in range(seeds):
        for arm, side in ARMS.items():
            pictures = randomly_masked(tiny_pictures(), seed) if arm == "random masks" else tiny_pictures()
            paths, _ = train(side, out, pictures, f"masks-{arm.split()[0]}", seed=seed, max_steps=steps)
            judge = judge or StyleJudge(paths.channel("base"))
            scores[arm].append(judge(paths.model, leak=True))
            print(f"masks, seed {seed}, {arm}: {scores[arm][-1]}", flush=True)
    found = {arm: spreads(each) for arm, each in scores.items()}
    print(table(found), flush=True)
    return {
        "masks_steps": steps,
        "masks_seeds": seeds,
        "masks": {
            arm: {name: [round(each[name].mean, 4), round(each[name].deviation, 4)] for name in SHOWN}
            for arm, each in found.items()
        },
    }


def randomly_masked(pictures: Sequence[DrawnPicture], seed: int) -> list[DrawnPicture]:
    """Each picture several times, each time with a random mask that covers something of it."""
    chance = np.random.default_rng((seed, MASKS_EACH))
    masked = []
    for each in pictures:
        for number in range(MASKS_EACH):
            stem, suffix = each.name.rsplit(".", 1)
            mask = _somewhere(each.mask.shape, chance)
            masked.append(DrawnPicture(name=f"{stem}-{number}.{suffix}", encoded=each.encoded, mask=mask))
    return masked


def _somewhere(shape: tuple[int, ...], chance: np.random.Generator) -> Mask:
    """A random mask (h, w) that covers something."""
    while True:
        mask = from_image(random_mask(max(shape), chance))[: shape[0], : shape[1]]
        if mask.any():
            return mask


def table(found: Mapping[str, Mapping[str, Spread]]) -> str:
    """Mean ± standard deviation of each arm, in Markdown."""
    rows = [["learnt with", *SHOWN.values()], ["---"] * (len(SHOWN) + 1)]
    rows += [[arm, *(str(each[name]) for name in SHOWN)] for arm, each in found.items()]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)

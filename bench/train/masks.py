"""Whether masks matter: the same job with the garment's masks and with random ones, and the plain loop, with several seeds.

Random masks are one rectangle or ellipse of any size anywhere, eight of each picture, so that a job sees as many different masks as it
draws itself around a garment. All else is the job's own: crops framed by the mask, the loss weighted to it. Who learns a garment sooner
also paints it sooner where other words ask for something else, so there are two more arms: fewer steps, and the prior preserved.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.train.learnt import Scores, Spread, StyleJudge, spreads
from bench.train.likeness import train
from bench.train.reference import random_mask
from bench.train.roots import DrawnPicture, tiny_pictures
from imaging.masks import Mask, from_image

MASKS_EACH = 8
FEWER = 4
"""How many times fewer steps the semantic masks get, to be compared at a likeness that random ones reach."""


@dataclass(frozen=True, kw_only=True)
class MaskArm:
    """One way to learn: by whose loop, with which masks, and what else is asked for."""

    side: str = "ours"
    random: bool = False
    prior: bool = False
    fewer: int = 1

    def tuning(self, seed: int, steps: int) -> dict[str, Any]:
        """What the job is asked for beside the catalogue's own settings."""
        return {"seed": seed, "max_steps": steps // self.fewer, "with_prior_preservation": self.prior}


ARMS: Mapping[str, MaskArm] = {
    "semantic masks": MaskArm(),
    "random masks": MaskArm(random=True),
    "plain loop": MaskArm(side="reference"),
    "semantic masks, a quarter of the steps": MaskArm(fewer=FEWER),
    "semantic masks, the prior preserved": MaskArm(prior=True),
}
SHOWN = {
    "garment_share": "likeness",
    "both_colours": "both colours shown",
    "leak_both": "leak",
    "leak_colour": "other colours obeyed",
    "loss": "error on set-aside pictures",
}


def measure_masks(out: Path, seeds: int, steps: int, arms: Mapping[str, MaskArm] = ARMS) -> dict[str, Any]:
    """A table, printed as Markdown, and its numbers."""
    scores: dict[str, list[Scores]] = {arm: [] for arm in arms}
    judge: StyleJudge | None = None
    for seed in range(seeds):
        for name, arm in arms.items():
            pictures = randomly_masked(tiny_pictures(), seed) if arm.random else tiny_pictures()
            paths, _ = train(arm.side, out, pictures, "masks", **arm.tuning(seed, steps))
            judge = judge or StyleJudge(paths.channel("base"))
            scores[name].append(judge(paths.model, leak=True))
            print(f"masks, seed {seed}, {name}: {scores[name][-1]}", flush=True)
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

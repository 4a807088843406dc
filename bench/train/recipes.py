"""Schedules of the learning rate, and mirrored views: the same job with each, with several seeds.

The garment has diagonal stripes, which a mirror turns the other way: ``stripes`` says whether they still run as they do on the garment.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from scipy import ndimage

from bench.train.learnt import Scores, Spread, StyleJudge, spreads
from bench.train.likeness import train
from bench.train.roots import tiny_pictures
from imaging.masks import Mask, from_image
from imaging.pictures import decode
from models.tiny.make.sample import INSTANCE_PROMPT
from models.tiny.make.score.styles import SkirtPhoto, TrainedStyle, load_style, repaint_photos, skirt_photos

RECIPES: Mapping[str, Mapping[str, Any]] = {
    "cosine, warm-up of 5 steps": {},
    "linear, warm-up of 5 steps": {"lr_scheduler": "linear"},
    "constant, warm-up of 5 steps": {"lr_scheduler": "constant_with_warmup"},
    "constant": {"lr_scheduler": "constant", "lr_warmup_steps": 0},
    "cosine, every other view mirrored": {"random_flip": True},
}
SHOWN = {
    "garment_share": "likeness",
    "both_colours": "both colours shown",
    "stripes": "stripes' direction",
    "loss": "error on set-aside pictures",
}
PHOTOS = 12
_EDGE = 2
"""Pixels inside a mask's edge where the direction is that of the edge."""


def measure_recipes(out: Path, seeds: Sequence[int], steps: int) -> dict[str, Any]:
    """A table, printed as Markdown, and its numbers."""
    pictures, photos = tiny_pictures(), skirt_photos(PHOTOS)
    real = direction([(decode(each.encoded, name=each.name), each.mask) for each in pictures])
    scores: dict[str, list[Scores]] = {name: [] for name in RECIPES}
    judge: StyleJudge | None = None
    for seed in seeds:
        for name, tuning in RECIPES.items():
            paths, _ = train("ours", out, pictures, "recipes", seed=seed, max_steps=steps, **tuning)
            base = paths.channel("base")
            judge = judge or StyleJudge(base)
            learnt = direction(_worn(base, paths.model, photos))
            scores[name].append(judge(paths.model, leak=False) | {"stripes": learnt / real})
            print(f"recipes, seed {seed}, {name}: {scores[name][-1]}", flush=True)
    found = {name: spreads(each) for name, each in scores.items()}
    print(_table(found), flush=True)
    told = {
        name: {score: [round(own[score].mean, 4), round(own[score].deviation, 4)] for score in SHOWN}
        for name, own in found.items()
    }
    return {"recipes_steps": steps, "recipes_seeds": len(seeds), "recipes": told}


def direction(garments: Sequence[tuple[Image.Image, Mask]]) -> float:
    """Which way edges inside the masks run, -1 to 1: 0 is level, upright, or as much one way as the other."""
    crossed = total = 0.0
    for picture, mask in garments:
        levels = np.asarray(picture.convert("L"), np.float64)
        inside = ndimage.binary_erosion(mask, iterations=_EDGE)
        down, across = ndimage.sobel(levels, 0)[inside], ndimage.sobel(levels, 1)[inside]
        crossed, total = crossed + float((2 * down * across).sum()), total + float((down**2 + across**2).sum())
    return crossed / total if total else 0.0


def _worn(base: Path, folder: Path, photos: Sequence[SkirtPhoto]) -> list[tuple[Image.Image, Mask]]:
    """Photos in the style, one a photo, with the masks of what was repainted."""
    painter = load_style(base, TrainedStyle(folder=folder, method="lora", cpu_seconds=0))
    painted = repaint_photos(painter, photos, INSTANCE_PROMPT)
    return [(images[0], from_image(photo.mask)) for photo, images in zip(photos, painted, strict=True)]


def _table(found: Mapping[str, Mapping[str, Spread]]) -> str:
    """Mean ± standard deviation of each recipe, in Markdown."""
    rows = [["learning rate", *SHOWN.values()], ["---"] * (len(SHOWN) + 1)]
    rows += [[name, *(str(own[score]) for score in SHOWN)] for name, own in found.items()]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)

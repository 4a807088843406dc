"""How well the inpainting pipeline does what the words say, and keeps what the mask does not cover."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from diffusion.painter import Painter
from diffusion.sd1 import StableDiffusion1
from imaging.masks import Mask, grow, to_image
from models.catalogue import find
from models.tiny.make.score.held_out import Crop, crop, repaint_requests, spoken
from models.tiny.make.score.patterns import PatternClassifier, dominant_colour, worn_crops

_ROWS = 8
GROWTH = 2  # pixels at 192: about what the service grows a mask by
_RIM = 2  # pixels at the model's resolution that belong to the mask's edge


def load(folder: Path) -> StableDiffusion1:
    """Load the family's inpainting model."""
    return StableDiffusion1.load(folder, device="cpu", dtype=torch.float32, checker=False)


def paint(
    painter: Painter, prompts: list[str], crops: list[tuple[Image.Image, Mask]], *, seed: int
) -> list[Image.Image]:
    """Paint each masked square with its prompt at the family's default settings; row i draws from seed + i."""
    painted: list[Image.Image] = []
    sampling = find("tiny-inpaint").sampling
    for start in range(0, len(prompts), _ROWS):
        rows = crops[start : start + _ROWS]
        painted += painter.inpaint(
            prompts=prompts[start : start + _ROWS],
            seeds=range(seed + start, seed + start + len(rows)),
            pictures=[picture for picture, _ in rows],
            masks=[to_image(mask) for _, mask in rows],
            sampling=sampling,
        )
    return painted


def score_repainting(painter: Painter, requests: int) -> dict[str, float]:
    """Return how often the named colour and pattern appear, and the PSNR in dB outside the mask before pasting back."""
    requested = list(repaint_requests(requests, stream=2))
    crops = [crop(drawing, worn, growth=GROWTH) for drawing, worn, _ in requested]
    wanted = [garment for _, _, garment in requested]
    painted = paint(painter, [spoken(g) for g in wanted], [(c.picture, c.mask) for c in crops], seed=100)
    classifier = PatternClassifier()
    patterns = classifier(painted, [c.mask for c in crops])
    colours = [dominant_colour(picture, c.mask) for picture, c in zip(painted, crops, strict=True)]
    real = list(worn_crops(300, stream=3))
    return {
        "colour_obeyed": _share(colour == g.colour for colour, g in zip(colours, wanted, strict=True)),
        "colour_real": _share(dominant_colour(c.picture, c.mask) == c.garment.colour for c in real),
        "pattern_obeyed": _share(pattern == g.pattern for pattern, g in zip(patterns, wanted, strict=True)),
        "pattern_real": classifier.accuracy(real),
        "psnr_outside": float(np.mean([psnr_outside(c, p) for c, p in zip(crops, painted, strict=True)])),
    }


def psnr_outside(before: Crop, after: Image.Image) -> float:
    """Return how closely a painted square keeps what lies outside its mask and the mask's rim, in dB."""
    outside = ~grow(before.mask, _RIM)
    error = (np.asarray(before.picture, np.float64) - np.asarray(after, np.float64))[outside]
    return float(10 * np.log10(255**2 / (error**2).mean()))


def _share(hits: Any) -> float:
    return float(np.mean(list(hits)))

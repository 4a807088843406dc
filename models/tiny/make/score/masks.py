"""How well the segmenter masks what is there, and keeps away from what is not."""

from pathlib import Path

import numpy as np

from imaging.masks import Mask, from_image
from imaging.segmenter import GarmentNotFoundError, Segmenter
from models.tiny.make.figures import Drawing
from models.tiny.make.score.held_out import PARTS, figures

SMALLEST = 0.0005  # share of the picture below which a part is mostly hidden and says nothing


def score_masks(folder: Path, pictures: int) -> dict[str, float]:
    """Return IoU of each part, their mean and minimum, false-positive share, and how often 'not found' was said.

    IoU is of the service's masks at the picture's own 192 pixels, not grown. `false_positive` is the share of pixels masked
    for a garment that nobody wears, `not_found` the share of such questions that the service answers with an error.
    """
    segmenter = Segmenter.load(folder)
    overlaps: dict[str, list[float]] = {part: [] for part in PARTS}
    wrong: list[float] = []
    refused: list[bool] = []
    for drawing in figures(pictures, stream=1):
        for part in PARTS:
            truth = drawing.mask(part)
            found = answer(segmenter, drawing, part)
            if truth.mean() >= SMALLEST:
                overlaps[part].append(overlap(found, truth))
            elif not truth.any():
                wrong.append(float(found.mean()))
                refused.append(not found.any())
    each = {f"mask_iou_{part}": float(np.mean(values)) for part, values in overlaps.items()}
    return {
        **each,
        "mask_iou_mean": float(np.mean(list(each.values()))),
        "mask_iou_min": min(each.values()),
        "false_positive": float(np.mean(wrong)),
        "not_found": float(np.mean(refused)),
    }


def prompt(part: str) -> str:
    """Return the words a user asks with."""
    return part if part in {"trousers", "shoes"} else f"a {part}"


def answer(segmenter: Segmenter, drawing: Drawing, part: str) -> Mask:
    """Return the service's mask (h, w), not grown; empty where it says that the part is not there."""
    try:
        return from_image(segmenter.mask(drawing.image, prompt(part), grow=0).mask)
    except GarmentNotFoundError:
        return np.zeros_like(drawing.labels, np.bool_)


def overlap(found: Mask, truth: Mask) -> float:
    """Return the intersection over union of two masks of which one at least is not empty."""
    return float((found & truth).sum() / (found | truth).sum())

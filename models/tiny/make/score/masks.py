"""How well the segmenter masks what is there, and keeps away from what is not."""

from pathlib import Path

import numpy as np
from PIL import Image

from imaging.segmenter import THRESHOLD, GarmentNotFoundError, Segmenter
from models.tiny.make.figures import Drawing
from models.tiny.make.score.held_out import PARTS, figures

_SMALLEST = 0.0005  # share of the picture below which a part is mostly hidden and says nothing


def score_masks(folder: Path, pictures: int) -> dict[str, float]:
    """Return IoU of each part, their mean and minimum, false-positive share, and how often 'not found' was said.

    IoU is taken at the picture's own 192 pixels, before a mask is grown. `false_positive` is the share of pixels masked
    for a garment that nobody wears, `not_found` the share of such questions that the service answers with an error.
    """
    segmenter = Segmenter.load(folder)
    overlaps: dict[str, list[float]] = {part: [] for part in PARTS}
    wrong: list[float] = []
    refused: list[bool] = []
    for drawing in figures(pictures, stream=1):
        for part in PARTS:
            truth = drawing.mask(part)
            if truth.mean() >= _SMALLEST:
                overlaps[part].append(overlap(segmenter, drawing, part))
            elif not truth.any():
                wrong.append(float((segmenter.probability(drawing.image, prompt(part)) >= THRESHOLD).mean()))
                refused.append(refuses(segmenter, drawing.image, part))
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


def overlap(segmenter: Segmenter, drawing: Drawing, part: str) -> float:
    """Return the intersection over union of the thresholded answer and the truth."""
    found = segmenter.probability(drawing.image, prompt(part)) >= THRESHOLD
    truth = drawing.mask(part)
    return float((found & truth).sum() / (found | truth).sum())


def refuses(segmenter: Segmenter, picture: Image.Image, part: str) -> bool:
    """Return whether the service would say that the garment is not in the picture."""
    try:
        segmenter.mask(picture, prompt(part))
    except GarmentNotFoundError:
        return True
    return False

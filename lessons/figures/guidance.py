"""What guidance does: the same noise and words at growing scales."""

from collections.abc import Iterable

import numpy as np
from PIL import Image

from contracts.sampling import Sampling
from imaging.masks import Mask, to_image
from lessons.figures.card import Band, Panel, TeachingPicture
from lessons.figures.workshop import Workshop
from models.tiny.make.score.held_out import Crop, crop, repaint_requests, spoken
from models.tiny.make.score.patterns import PatternClassifier, dominant_colour

SCALES = (1, 2, 4, 8, 12)
MEASURED, _STREAM = 48, 71
SHOWN = (0, 1, 2)
"""Which of them are drawn."""
SEED = 100


def draw(workshop: Workshop) -> TeachingPicture:
    """Three requests to look at; the numbers are of 48."""
    requested = list(repaint_requests(MEASURED, stream=_STREAM))
    crops = [crop(drawing, worn, growth=2) for drawing, worn, _ in requested]
    prompts = [spoken(wanted) for *_, wanted in requested]
    classifier, found, painted = PatternClassifier(), {}, {}
    for scale in SCALES:
        painted[scale] = paint_all(workshop, crops, prompts, scale)
        named = classifier(painted[scale], [each.mask for each in crops])
        found[f"at_{scale}"] = {
            "colour": _share(
                dominant_colour(p, c.mask) == r[2].colour
                for p, c, r in zip(painted[scale], crops, requested, strict=True)
            ),
            "pattern": _share(name == r[2].pattern for name, r in zip(named, requested, strict=True)),
            "burnt": float(
                round(100 * np.mean([burnt(p, c.mask) for p, c in zip(painted[scale], crops, strict=True)]), 1)
            ),
        }
    bands = [
        Band(
            title=prompts[index].removeprefix("a photo of "),
            panels=[Panel(picture=painted[scale][index], words=[f"scale {scale}"], smooth=True) for scale in SCALES],
            columns=len(SCALES),
            is_prompt=True,
        )
        for index in SHOWN
    ]
    return TeachingPicture(bands=bands, numbers={"requests": MEASURED, **found})


def paint_all(workshop: Workshop, crops: list[Crop], prompts: list[str], scale: float) -> list[Image.Image]:
    """Each request at one scale, all of its steps guided; row i always from the same noise."""
    own = workshop.sampling
    sampling = Sampling(steps=own.steps, guidance=scale, scheduler=own.scheduler)
    painted: list[Image.Image] = []
    for start in range(0, len(crops), 8):
        rows = crops[start : start + 8]
        painted += workshop.painter.inpaint(
            prompts=prompts[start : start + 8],
            seeds=range(SEED + start, SEED + start + len(rows)),
            pictures=[each.picture for each in rows],
            masks=[to_image(each.mask) for each in rows],
            sampling=sampling,
        )
    return painted


def burnt(picture: Image.Image, mask: Mask) -> float:
    """Share of the levels inside a mask that are at an end of their range."""
    levels = np.asarray(picture)[mask]
    return float(np.mean((levels == 0) | (levels == 255)))


def _share(hits: Iterable[bool]) -> int:
    return round(100 * float(np.mean(list(hits))))

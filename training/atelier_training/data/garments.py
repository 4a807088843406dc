"""A mask of the garment for every picture of a dataset. A mask drawn by a person takes precedence over the segmenter's."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

from PIL import Image

from atelier_training.data.masking import Masking, PictureMask
from atelier_training.data.picture_facts import Looker, unseen
from atelier_training.data.pictures import DatasetFolder
from atelier_training.engine.interruption import Interruption
from atelier_training.evaluate.photos import require_photos
from contracts.dataset import FEWEST_PICTURES, MASKS
from imaging import masks
from imaging.masks import Mask
from imaging.segmenter import GarmentNotFoundError, Segmenter

LEAST_FOUND = 0.5
"""If the garment is found in fewer than this share of the pictures, the prompt or the pictures are wrong."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class GarmentOutline:
    """One picture's mask and where it came from; ``score`` is 0 to 1, and 1 for a person's."""

    mask: Mask
    score: float
    source: str


def mask_garments(
    dataset: DatasetFolder,
    target: str,
    segmenter: Segmenter,
    interruption: Interruption,
    *,
    notes: Sequence[str],
    output: Path,
    prior: bool = False,
    look: Looker = unseen,
) -> Masking:
    """Find the garment in the photos that the evaluation will need, and mask the pictures to learn from.

    Raises as ``require_photos`` and ``mask_pictures`` do.
    """
    if dataset.files.photos:
        require_photos(dataset, segmenter, target)
    return mask_pictures(dataset, target, segmenter, interruption, notes=notes, output=output, prior=prior, look=look)


def mask_pictures(
    dataset: DatasetFolder,
    target: str,
    segmenter: Segmenter,
    interruption: Interruption,
    *,
    notes: Sequence[str],
    output: Path,
    prior: bool = False,
    look: Looker = unseen,
) -> Masking:
    """Write a mask a picture into ``output``, one picture at a time; all of them and what to know of them, ``notes`` included.

    With ``prior``, of class pictures too. Each picture to learn from goes by ``look``. Pictures in which the garment is not found are left
    out with a warning. Raises GarmentNotFoundError, naming them, where fewer than half or fewer than the least number of those to learn
    from remain.
    """
    work = partial(_masked, dataset, target=target, segmenter=segmenter, interruption=interruption, output=output)
    found, missing = work(dataset.files.pictures, look=look)
    _require_enough(len(found), missing, target)
    others, not_shown = work(dataset.files.class_pictures if prior else ())
    left_out = [f"{name} is left out: {error}" for name, error in {**missing, **not_shown}.items()]
    score = sum(each.score for each in found) / len(found)
    return Masking(
        mask_score=round(score, 6),
        pictures=tuple(found),
        class_pictures=tuple(others),
        warnings=(*notes, *left_out),
    )


def _masked(
    dataset: DatasetFolder,
    names: Sequence[str],
    *,
    target: str,
    segmenter: Segmenter,
    interruption: Interruption,
    output: Path,
    look: Looker = unseen,
) -> tuple[list[PictureMask], dict[str, GarmentNotFoundError]]:
    """The masks of those pictures in which there is one, written, and why there is none in the others."""
    found: list[PictureMask] = []
    missing: dict[str, GarmentNotFoundError] = {}
    for name, picture in dataset.decoded(names):
        interruption.check(f"masking {name}")
        try:
            outline = find(dataset.mask(name, picture.size), picture, target, segmenter)
            found.append(_write(name, outline, output))
            look(name, picture, outline.mask)
            log.info("%s: score %.3f (%s)", name, outline.score, outline.source)
        except GarmentNotFoundError as error:
            missing[name] = error
            log.warning("%s", error)
    return found, missing


def find(own_mask: Mask | None, picture: Image.Image, target: str, segmenter: Segmenter) -> GarmentOutline:
    """The garment's outline in one picture, not grown; a person's mask wins. Raises GarmentNotFoundError."""
    if own_mask is not None:
        return GarmentOutline(mask=own_mask, score=1.0, source="user")
    garment = segmenter.mask(picture, target, grow=0)
    return GarmentOutline(mask=masks.from_image(garment.mask), score=garment.score, source="clipseg")


def _require_enough(count: int, missing: Mapping[str, GarmentNotFoundError], target: str) -> None:
    if count >= FEWEST_PICTURES and count >= LEAST_FOUND * (count + len(missing)):
        return
    raise GarmentNotFoundError(
        target,
        where=", ".join(missing),
        score=max(error.score for error in missing.values()),
        threshold=next(iter(missing.values())).threshold,
    )


def _write(name: str, outline: GarmentOutline, output: Path) -> PictureMask:
    mask = f"{MASKS}{PurePosixPath(name).with_suffix('.png')}"
    (output / mask).parent.mkdir(parents=True, exist_ok=True)
    masks.to_image(outline.mask).save(output / mask)
    area = round(float(outline.mask.mean()), 6)
    return PictureMask(name=name, mask=mask, score=outline.score, area=area, source=outline.source)

"""A segmenter: the overlap with the true label maps of held-out pictures, and its answers about things that are not there."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from atelier_training.data.shards import Sample
from atelier_training.evaluate_base.judged import Judged, Subject
from contracts.errors import InvalidInputError
from imaging import masks
from imaging.masks import Mask
from imaging.segmenter import GarmentNotFoundError, Segmenter
from imaging.sheet import SheetRow

LEAST_SHARE = 0.005
"""A prompt is skipped where what it names covers a smaller share of the picture than this: it is neither present nor absent."""
SHOWN = 8


@dataclass
class _Tally:
    overlaps: dict[str, list[float]] = field(default_factory=dict)
    false_shares: list[float] = field(default_factory=list)
    refused: int = 0

    def metrics(self) -> dict[str, float]:
        """By the names of ``contracts.pretraining.METRICS``. Where no prompt names something absent, there are no false positives."""
        means = [float(np.mean(values)) for values in self.overlaps.values()]
        absent = len(self.false_shares)
        return {
            "mask_iou_mean": float(np.mean(means)),
            "mask_iou_min": min(means),
            "false_positive": float(np.mean(self.false_shares)) if absent else 0.0,
            "not_found": self.refused / absent if absent else 1.0,
        }


def judge(subject: Subject, samples: Sequence[Sample]) -> Judged:
    """Ask for every prompt of the vocabulary in every picture. Raises InvalidInputError where nothing is labelled."""
    segmenter = Segmenter.load(subject.folder, str(subject.device))
    tally = _Tally()
    rows: list[SheetRow] = []
    for sample in samples:
        answers = [
            _ask(segmenter, sample, prompt, labels, tally) for prompt, labels in subject.vocabulary.prompts.items()
        ]
        rows.extend(row for row in answers if row is not None)
    if not tally.overlaps:
        raise InvalidInputError(
            "held-out samples", got="no label map that shows what a prompt asks for", allowed="labelled pictures"
        )
    lead = "Pictures that were never trained on, the true mask and the model's own."
    columns = ("held out", "true mask", "found")
    return Judged(metrics=tally.metrics(), columns=columns, rows=rows[:: max(1, len(rows) // SHOWN)][:SHOWN], lead=lead)


def _ask(segmenter: Segmenter, sample: Sample, prompt: str, labels: Sequence[int], tally: _Tally) -> SheetRow | None:
    truth: Mask = np.isin(sample.labels, labels)
    share = float(truth.mean())
    if 0 < share < LEAST_SHARE:
        return None
    mask = _predict(segmenter, sample.image, prompt)
    if share == 0:
        tally.false_shares.append(float(mask.mean()))
        tally.refused += not mask.any()
        return None
    overlap = float((mask & truth).sum() / (mask | truth).sum())
    tally.overlaps.setdefault(prompt, []).append(overlap)
    pictures = [sample.image, masks.to_image(truth), masks.to_image(mask)]
    return SheetRow(pictures=pictures, caption=f"{prompt}: IoU {overlap:.2f}")


def _predict(segmenter: Segmenter, picture: Image.Image, prompt: str) -> Mask:
    try:
        return masks.from_image(segmenter.mask(picture, prompt, grow=0).mask)
    except GarmentNotFoundError:
        return np.zeros((picture.height, picture.width), dtype=np.bool_)

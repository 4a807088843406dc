"""The segmenter's first stage, without words: its vision learns the class of every pixel.

A step costs two thirds of one with prompts, and every pixel gives a gradient. Training with prompts makes slow progress until the
vision can tell a skirt from trousers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from atelier_training.data.sampling import Drawn, keys
from atelier_training.data.scenes import Scene, scene
from atelier_training.learners.segmenter_model import SIDE, LabelHead, look

# CLIP's own statistics, so that processors made for CLIP fit.
MEAN = (0.48145466, 0.4578275, 0.40821073)
STD = (0.26862954, 0.26130258, 0.27577711)


@dataclass(frozen=True, kw_only=True)
class LabelledViews:
    """Pictures (n, 3, r, r) standardised and the share of each pixel that each label covers, (n, labels, r, r)."""

    keys: tuple[str, ...]
    pixels: Tensor
    coverage: Tensor


class PixelClassLearner:
    """Learns the class of every pixel from the vision of a CLIPSeg, by a head on its last layer."""

    def __init__(self, labels: int, model: Any, head: LabelHead) -> None:
        self._labels, self._model, self._head = labels, model, head
        model.clip.vision_model.post_layernorm.requires_grad_(False)  # CLIPSeg reads the layers before it
        self.trained = nn.ModuleDict({"vision": model.clip.vision_model.train(), "head": head})

    def batch(self, drawn: Sequence[Drawn]) -> LabelledViews:
        """Vary the scenes."""
        return labelled_views(drawn, self._labels)

    def losses(self, batch: LabelledViews) -> Tensor:
        """Cross entropy of the head's classes."""
        return label_entropy(self._head(look(self._model, batch.pixels)[-1][:, 1:]), batch.coverage)

    def export(self, folder: Path) -> None:
        """Write the vision alone, in single precision."""
        self._model.clip.vision_model.save_pretrained(folder)


def labelled_views(drawn: Sequence[Drawn], labels: int) -> LabelledViews:
    """Draw a varied view of each sample."""
    scenes = [scene(one.sample, SIDE, one.rng) for one in drawn]
    return LabelledViews(
        keys=keys(drawn),
        pixels=standardised([varied.pixels for varied in scenes]),
        coverage=covered(scenes, labels),
    )


def label_entropy(classes: Tensor, coverage: Tensor) -> Tensor:
    """Return the cross entropy (n,) of class logits with the labels' shares of each pixel, both (n, labels, r, r)."""
    return functional.cross_entropy(classes.float(), coverage, reduction="none").mean((1, 2))


def covered(scenes: Sequence[Scene], labels: int) -> Tensor:
    """Return the share of each pixel that each label covers, (n, labels, r, r), from label maps at twice the side."""
    maps = torch.from_numpy(np.stack([drawn.labels for drawn in scenes])).long()
    coverage = torch.zeros(len(scenes), labels, maps.shape[1] // 2, maps.shape[2] // 2)
    for row, column in ((0, 0), (0, 1), (1, 0), (1, 1)):
        quarter = maps[:, None, row::2, column::2]
        coverage.scatter_add_(1, quarter, torch.full(quarter.shape, 0.25))
    return coverage


def standardised(pictures: Sequence[Any]) -> Tensor:
    """Stack pictures (r, r, 3) of 0..1 into (n, 3, r, r) in CLIP's standardisation."""
    mean, std = torch.tensor(MEAN), torch.tensor(STD)
    return ((torch.from_numpy(np.stack(pictures)).float() - mean) / std).permute(0, 3, 1, 2).contiguous()

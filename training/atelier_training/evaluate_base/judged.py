"""The input and the result of every measure."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from atelier_training.data.shards import Sample
from contracts.artifact import BaseManifest
from contracts.corpus import Vocabulary
from imaging.sheet import SheetRow


@dataclass(frozen=True, kw_only=True)
class Subject:
    """The model to judge: its folder, the base model it was trained from, and where to compute."""

    folder: Path
    base: BaseManifest
    vocabulary: Vocabulary
    device: torch.device

    @property
    def side(self) -> int:
        """The side of the pictures it works on, in pixels."""
        return self.base.resolution


@dataclass(frozen=True, kw_only=True)
class Judged:
    """Numbers by the names of ``contracts.pretraining_metrics.METRICS``, and pictures to look at: ``rows`` under ``columns``."""

    metrics: dict[str, float]
    columns: Sequence[str]
    rows: Sequence[SheetRow]
    lead: str


def square(sample: Sample, side: int) -> Image.Image:
    """The middle of a sample's picture as an RGB square of ``side`` pixels."""
    return ImageOps.fit(sample.image, (side, side), Image.Resampling.LANCZOS)


def levels(image: Image.Image, device: torch.device) -> Tensor:
    """An RGB picture as (1, 3, h, w) in -1..1."""
    array = np.asarray(image, dtype=np.float32) / 127.5 - 1
    return torch.from_numpy(array).permute(2, 0, 1)[None].to(device)


def psnr(picture: Image.Image, truth: Image.Image) -> float:
    """Peak signal-to-noise ratio of two RGB pictures of one size, in dB; at most 100, which stands for equal."""
    error = (np.asarray(picture, np.float64) - np.asarray(truth, np.float64)) ** 2
    return float(min(100.0, 10 * np.log10(255**2 / max(error.mean(), 1e-12))))

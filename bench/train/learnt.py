"""What a fine-tune of the tiny family has learnt: the garment, what it does to other words, and its error on new pictures.

A score is of one training; spreads are over trainings that differ in their seed alone.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import numpy as np
import torch
from torch import Tensor

from bench.train.reference import random_mask
from contracts.artifact import ADAPTER_WEIGHTS
from imaging.framing import crop_box, square, square_mask
from imaging.masks import Mask, from_image, grow, larger_side
from imaging.segmenter import GROWTH
from models.catalogue import find
from models.tiny.make.figures import draw
from models.tiny.make.sample import INSTANCE_PROMPT, style_outfit
from models.tiny.make.score.painting import load
from models.tiny.make.score.styles import TrainedStyle, load_style, score_leak, score_style, skirt_photos
from models.tiny.make.wardrobe import LENGTHS

PHOTOS = 12
SET_ASIDE = 12
SIDE = 128
TIMESTEPS = (50, 150, 300, 450, 600, 750, 900, 980)
"""Of 1,000: where little, some and nearly all of the picture is noise."""
_SEED = 960_000

Scores = Mapping[str, float]


class SetAside:
    """The denoiser's error on pictures of the same garment that nobody learnt from, always with the same noise.

    ``loss`` counts what the garment's mask covers, as serving frames and masks it; ``loss_anywhere`` what one random box or ellipse of the
    whole picture covers, as the plain loop masks.
    """

    def __init__(self, base: Path) -> None:
        self._base = base
        self._side = find("tiny-inpaint").resolution
        family = load(base)
        self._words = family.encode_words([INSTANCE_PROMPT], as_ids=False)[INSTANCE_PROMPT]
        views: dict[str, list[tuple[Any, Mask]]] = {"loss": [], "loss_anywhere": []}
        lengths = LENGTHS["skirt"]
        for index in range(SET_ASIDE):
            rng = np.random.default_rng((_SEED, index))
            drawing = draw(style_outfit(rng, lengths[index % len(lengths)]), rng, (SIDE, SIDE))
            loose = grow(drawing.mask("skirt"), round(GROWTH * larger_side(drawing.mask("skirt"))))
            box = crop_box(loose, resolution=self._side)
            views["loss"].append((square(drawing.image, box, self._side), square_mask(loose, box, self._side)))
            whole = drawing.image.resize((self._side, self._side))
            views["loss_anywhere"].append((whole, from_image(random_mask(self._side, rng))))
        self._inputs = {name: self._encoded(family, each) for name, each in views.items()}

    def errors(self, folder: Path) -> dict[str, float]:
        """Both errors of a LoRA's folder."""
        family = load(self._base)
        family.pipeline.load_lora_weights(folder, weight_name=ADAPTER_WEIGHTS)
        return {name: self._error(family, inputs) for name, inputs in self._inputs.items()}

    def _encoded(self, family: Any, views: Sequence[tuple[Any, Mask]]) -> tuple[Tensor, Tensor, Tensor]:
        levels = torch.from_numpy(np.stack([np.asarray(picture) for picture, _ in views])).permute(0, 3, 1, 2)
        pictures = levels.float() / 127.5 - 1
        masks = torch.from_numpy(np.stack([mask for _, mask in views]))[:, None].float()
        latents = family.encode_pictures(pictures)
        small = torch.nn.functional.interpolate(masks, size=latents.shape[-2:])
        return latents, small, family.encode_pictures(pictures * (1 - masks))

    @torch.no_grad()
    def _error(self, family: Any, inputs: tuple[Tensor, Tensor, Tensor]) -> float:
        latents, masks, masked = inputs
        schedule, chance = family.noise_schedule(), torch.Generator().manual_seed(_SEED)
        words = {name: row.expand(len(latents), *row.shape) for name, row in self._words.items()}
        total = 0.0
        for step in TIMESTEPS:
            steps = torch.full((len(latents),), step)
            noise = torch.randn(latents.shape, generator=chance)
            given = family.denoiser_inputs(schedule.add_noise(latents, noise, steps), masks, masked)
            predicted = family.predict(given, steps, words, torch.zeros(len(latents), 6))
            wanted = {"sample": latents, "epsilon": noise}[schedule.config.prediction_type]
            total += float(((predicted - wanted).square() * masks).sum() / (masks.sum() * latents.shape[1]))
        return total / len(TIMESTEPS)


class StyleJudge:
    """Scores LoRAs of the tiny base in the folder ``base``."""

    def __init__(self, base: Path) -> None:
        self._base = base
        self._photos = skirt_photos(PHOTOS)
        self._set_aside = SetAside(base)

    def __call__(self, folder: Path, *, leak: bool) -> dict[str, float]:
        """``garment_share`` (of the real garment's) and ``both_colours`` on photos, the errors, and what leaks where it is asked for."""
        painter = load_style(self._base, TrainedStyle(folder=folder, method="lora", cpu_seconds=0))
        painted = score_style(painter, self._photos)
        leaked = score_leak(painter, self._photos) if leak else {}
        return {**painted, **leaked, **self._set_aside.errors(folder)}


@dataclass(frozen=True, kw_only=True)
class Spread:
    """A score of several seeds."""

    values: Sequence[float]

    @property
    def mean(self) -> float:
        """Their mean."""
        return mean(self.values)

    @property
    def deviation(self) -> float:
        """Their standard deviation; 0 of one."""
        return stdev(self.values) if len(self.values) > 1 else 0.0

    @property
    def error(self) -> float:
        """The standard error of the mean."""
        return self.deviation / math.sqrt(len(self.values))

    def __str__(self) -> str:
        return f"{self.mean:.3f} ± {self.deviation:.3f}"


def spreads(scores: Sequence[Scores]) -> dict[str, Spread]:
    """Each score over the seeds."""
    return {name: Spread(values=[each[name] for each in scores]) for name in scores[0]}


def not_above(found: Spread, other: Spread) -> bool:
    """Whether ``found`` is at most ``other``, but for two standard errors of the difference."""
    return found.mean <= other.mean + 2 * math.hypot(found.error, other.error)

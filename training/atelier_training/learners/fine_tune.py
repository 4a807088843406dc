"""Fine-tuning a garment: the denoising loss on cached latents of its pictures, weighted towards the garment."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from diffusers.optimization import get_scheduler
from torch import Tensor

from atelier_training.data.latents import Batch
from atelier_training.fine_tune_job import FineTuneJob
from contracts.artifact import BaseManifest, to_json
from contracts.hyperparameters import Hyperparameters
from contracts.layout import MANIFEST
from diffusion.noise import loss_weights, target
from diffusion.trained_model import TrainedModel

BASE_MANIFEST = "base_manifest.json"


class FineTuneLearner:
    """Learns the garment from its pictures, from the base model in the folder ``base``. ``schedule`` mixes in the noise."""

    def __init__(
        self, trained: TrainedModel, schedule: Any, job: FineTuneJob, *, base: Path, manifest: BaseManifest
    ) -> None:
        self.trained = trained
        self._schedule, self._job, self._base, self._manifest = schedule, job, base, manifest

    def losses(self, batch: Batch) -> Tensor:
        """The pictures' masked errors (B,), each by its share: their mean is the loss of the batch."""
        parts = [self._errors(part) for part in (batch, batch.others) if part is not None]
        return torch.cat(parts) * len(batch.keys)

    def _errors(self, batch: Batch) -> Tensor:
        """Of views of one size."""
        noisy = self._schedule.add_noise(batch.latents, batch.noise, batch.timesteps)
        predicted = self.trained(noisy, batch.masks, batch.masked, batch.timesteps, batch.words, batch.frames)
        expected = target(self._schedule, batch.latents, batch.noise, batch.timesteps)
        errors = weighted_error(predicted, expected, batch.masks, self._job.mask_weight)  # (B,)
        if self._job.snr_gamma is not None:
            errors = errors * loss_weights(self._schedule, batch.timesteps, self._job.snr_gamma)
        return errors * batch.shares

    def export(self, folder: Path) -> None:
        """Write the adapter, or the whole pipeline: the base's files, except for the parts that were trained."""
        export_style(self.trained, self._job, self._base, self._manifest, folder)


def export_style(trained: TrainedModel, job: FineTuneJob, base: Path, manifest: BaseManifest, folder: Path) -> None:
    """Write the adapter, or all of the pipeline in the folder ``base`` with the parts that were trained in their place."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = trained.parts
    if job.method == "lora":
        trained.family.save_adapter(parts, folder)
        return
    shutil.copytree(
        base,
        folder,
        dirs_exist_ok=True,
        ignore=lambda at, _names: [MANIFEST, *parts] if Path(at) == base else [],
    )
    for name, part in parts.items():
        part.save_pretrained(folder / name)
    (folder / BASE_MANIFEST).write_text(to_json(manifest), encoding="utf-8")


def weighted_error(predicted: Tensor, target: Tensor, mask: Tensor, mask_weight: float) -> Tensor:
    """The mean squared error of each picture, (B,), where a latent pixel outside the mask counts ``1 - mask_weight`` of one inside.

    ``predicted`` and ``target`` are (B, 4, h, w); ``mask`` is (B, 1, h, w), 1 on the garment.
    """
    weight = mask_weight * mask + (1 - mask_weight)
    error = (predicted.float() - target.float()).pow(2).mean(dim=1, keepdim=True)  # (B, 1, h, w)
    # A garment of less than a latent pixel leaves no weight at all: its error is 0, not a division by 0.
    total: Tensor = weight.sum(dim=(1, 2, 3)).clamp(min=torch.finfo(torch.float32).eps)
    return (weight * error).sum(dim=(1, 2, 3)) / total


def learning_rate(tuning: Hyperparameters, steps: int) -> Callable[[int], float]:
    """The learning rate of each step, counted from 0, as diffusers' schedule of that name has it."""
    idle = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    schedule = get_scheduler(
        tuning.lr_scheduler, idle, num_warmup_steps=tuning.lr_warmup_steps, num_training_steps=steps
    )
    (factor,) = schedule.lr_lambdas
    return lambda step: tuning.learning_rate * float(factor(step))

"""Fine-tuning a garment: the denoising loss on cached latents of its pictures, weighted towards the garment."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from diffusers.optimization import get_scheduler
from torch import Tensor

from atelier_training.finetune.batches import Batch
from atelier_training.finetune.loss import weighted_error
from contracts.hyperparameters import Hyperparameters
from diffusion.noise import target
from diffusion.trained_model import TrainedModel


class FineTuneLearner:
    """Learns the garment from its pictures. ``schedule`` mixes in the noise, ``write`` writes the trained weights into a folder."""

    def __init__(
        self, trained: TrainedModel, schedule: Any, *, mask_weight: float, write: Callable[[Path], None]
    ) -> None:
        self.trained = trained
        self._schedule, self._mask_weight, self._write = schedule, mask_weight, write

    def losses(self, batch: Batch) -> Tensor:
        """The pictures' masked errors (B,), each by its share: their mean is the loss of the batch."""
        noisy = self._schedule.add_noise(batch.latents, batch.noise, batch.timesteps)
        predicted = self.trained(noisy, batch.masks, batch.masked, batch.timesteps, batch.words, batch.frames)
        expected = target(self._schedule, batch.latents, batch.noise, batch.timesteps)
        errors = weighted_error(predicted, expected, batch.masks, self._mask_weight)  # (B,)
        return errors * batch.shares * len(batch.shares)

    def export(self, folder: Path) -> None:
        """Write the adapter, or the whole pipeline."""
        self._write(folder)


def learning_rate(tuning: Hyperparameters, steps: int) -> Callable[[int], float]:
    """The learning rate of each step, counted from 0, as diffusers' schedule of that name has it."""
    idle = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    schedule = get_scheduler(
        tuning.lr_scheduler, idle, num_warmup_steps=tuning.lr_warmup_steps, num_training_steps=steps
    )
    (factor,) = schedule.lr_lambdas
    return lambda step: tuning.learning_rate * float(factor(step))

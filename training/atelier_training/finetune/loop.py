"""The training loop: draw, noise, predict, compare, step; say how it goes; save in time."""

import logging
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.utils import gather_object
from torch import Tensor

from atelier_training.engine.interruption import InterruptedJobError, Interruption
from atelier_training.engine.training_log import Entry
from atelier_training.finetune.batches import Batch, Batches, Place
from atelier_training.finetune.loss import NonFiniteLossError, weighted_error
from contracts.hyperparameters import Hyperparameters
from diffusion.noise import target
from diffusion.trained_model import trainable

MOST_LINES = 100
"""Progress lines of a whole run: enough for a curve, few enough to read."""

log = logging.getLogger(__name__)


@dataclass(kw_only=True)
class FineTune:
    """One fine-tune as it runs. ``learner``, ``optimizer`` are accelerate's; ``history`` has an entry a finished step."""

    accelerator: Accelerator
    learner: Any
    optimizer: Any
    schedule: Any
    noise_scheduler: Any
    batches: Batches
    tuning: Hyperparameters
    total_steps: int
    history: list[Entry] = field(default_factory=list)

    @property
    def step(self) -> int:
        """How many steps are done."""
        return len(self.history)


def run(training: FineTune, interruption: Interruption, save: Callable[[], None]) -> None:
    """Train to the end, saving every ``checkpoint_steps`` and on SIGTERM.

    Raises InterruptedJobError after the checkpoint that SIGTERM asked for, NonFiniteLossError at once.
    """
    start, before = time.monotonic(), training.history[-1].seconds if training.history else 0.0
    while training.step < training.total_steps:
        rate = float(training.schedule.get_last_lr()[0])
        loss = train_step(training)
        seconds = round(before + time.monotonic() - start, 3)
        training.history.append(Entry(step=training.step + 1, loss=loss, lr=rate, seconds=seconds))
        _say(training)
        stopping = _any_process(training.accelerator, interruption.requested)
        if stopping or (training.step % training.tuning.checkpoint_steps == 0 and training.step < training.total_steps):
            save()
        if stopping and training.step < training.total_steps:
            raise InterruptedJobError(f"stopped by SIGTERM after step {training.step}; the checkpoint is saved")


def train_step(training: FineTune) -> float:
    """One optimizer step over all micro batches. Returns the mean loss over them and over all processes."""
    accelerator, tuning = training.accelerator, training.tuning
    losses = []
    for micro in range(tuning.gradient_accumulation_steps):
        place = Place(step=training.step, micro=micro, rank=accelerator.process_index, world=accelerator.num_processes)
        batch = training.batches.draw(place).to(accelerator.device)
        with _syncing(training, last=micro == tuning.gradient_accumulation_steps - 1):
            loss = batch_loss(training, batch)
            losses.append(_mean_over_processes(training, loss.detach(), batch))
            accelerator.backward(loss / tuning.gradient_accumulation_steps)
    accelerator.clip_grad_norm_(list(trainable(training.learner).values()), tuning.max_grad_norm)
    training.optimizer.step()
    training.schedule.step()
    training.optimizer.zero_grad(set_to_none=True)
    return sum(losses) / len(losses)


def batch_loss(training: FineTune, batch: Batch) -> Tensor:
    """The loss of one batch, a scalar: the pictures' masked errors, each by its share."""
    noisy = training.noise_scheduler.add_noise(batch.latents, batch.noise, batch.timesteps)
    predicted = training.learner(noisy, batch.masks, batch.masked, batch.timesteps, batch.words, batch.frames)
    wanted = target(training.noise_scheduler, batch.latents, batch.noise, batch.timesteps)
    errors = weighted_error(predicted, wanted, batch.masks, training.tuning.mask_weight)  # (B,)
    return (errors * batch.shares).sum()


def _mean_over_processes(training: FineTune, loss: Tensor, batch: Batch) -> float:
    """Every process learns of every loss, so that all of them stop at the same step."""
    gathered: Tensor = training.accelerator.gather(loss.reshape(1))
    if not bool(torch.isfinite(gathered).all()):
        pictures = list(batch.names) if not torch.isfinite(loss) else []
        named = gather_object(pictures) if training.accelerator.num_processes > 1 else pictures
        raise NonFiniteLossError(training.step + 1, named, float(gathered.sum()))
    return float(gathered.mean())


def _syncing(training: FineTune, *, last: bool) -> AbstractContextManager[Any]:
    """Gradients are exchanged between processes once a step, at the last micro batch."""
    if last:
        return nullcontext()
    waiting: AbstractContextManager[Any] = training.accelerator.no_sync(training.learner)
    return waiting


def _any_process(accelerator: Accelerator, requested: bool) -> bool:
    if accelerator.num_processes == 1:
        return requested
    flags: Tensor = accelerator.gather(torch.tensor([requested], device=accelerator.device))
    return bool(flags.any())


def _say(training: FineTune) -> None:
    entry, total = training.history[-1], training.total_steps
    every = max(1, total // MOST_LINES)
    if training.accelerator.is_main_process and (entry.step % every == 0 or entry.step in (1, total)):
        eta = entry.seconds / entry.step * (total - entry.step)
        log.info(
            "step=%d/%d loss=%.4f lr=%.1e elapsed=%.0fs eta=%.0fs",
            entry.step,
            total,
            entry.loss,
            entry.lr,
            entry.seconds,
            eta,
        )

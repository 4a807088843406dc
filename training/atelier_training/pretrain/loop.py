"""The training loop every pretrain command shares: schedule, clipping, EMA, checkpoints, exact resume, progress.

The randomness of a sample depends on the seed and the sample's number in the whole run alone, so a run that was stopped
and resumed repeats the uninterrupted one without any random state in its checkpoint.
"""

import math
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Protocol, TypeVar

import torch
from torch import Tensor, nn

from atelier_training.interruption import Interruption
from atelier_training.pretrain.batches import Drawn, draw
from atelier_training.pretrain.checkpoint import Progress, WeightAverage, restore, save
from atelier_training.pretrain.settings import TrainSettings
from atelier_training.pretrain.shards import ShardFolder


class NonFiniteLossError(Exception):
    """The loss became NaN or infinite; the message names the step and the samples to look at."""


class Keyed(Protocol):
    """A batch that knows which samples it was made of, in the order of its losses."""

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of the samples."""


Batch = TypeVar("Batch", bound=Keyed)


class Learner(Protocol[Batch]):
    """What the loop trains."""

    @property
    def trained(self) -> nn.Module:
        """Every module that `losses` uses, in a ModuleDict where there are several; frozen ones require no gradients."""

    def batch(self, drawn: Sequence[Drawn]) -> Batch:
        """Make a batch of samples; each sample's own generator is the only randomness."""

    def losses(self, batch: Batch) -> Tensor:
        """Return the loss of each sample, shape (n,): a pure function of the batch and the weights."""

    def export(self, folder: Path) -> None:
        """Write the weights as diffusers or transformers load them."""


def train(learner: Learner[Batch], data: ShardFolder, settings: TrainSettings, folder: Path) -> None:
    """Train to the last step, or resume to it, and export the averaged weights to `folder`/export.

    Raises InterruptedJobError after a checkpoint when the process is asked to stop, NonFiniteLossError at a bad loss.
    """
    interruption = Interruption()
    progress = _begin(learner, settings, folder)
    report = _Report(settings, progress.step)
    while progress.step < settings.steps:
        report.add(train_step(learner, data, settings, progress))
        due = progress.step % settings.checkpoint_every == 0 or progress.step == settings.steps
        if due or interruption.requested:
            save(progress, folder, asdict(settings))
        interruption.check(f"training, at step {progress.step} of {settings.steps}; the same command resumes")
    _export(learner, progress, folder)


def train_step(learner: Learner[Batch], data: ShardFolder, settings: TrainSettings, progress: Progress) -> float:
    """Do one optimizer step and return its mean loss."""
    step = progress.step
    batch = learner.batch(draw(data, settings.seed, range(step * settings.batch, (step + 1) * settings.batch)))
    with torch.autocast("cpu", torch.bfloat16, enabled=settings.precision == "bf16"):
        losses = learner.losses(batch)
    _require_finite(losses, batch.keys, step)
    for group in progress.optimizer.param_groups:
        group["lr"] = settings.rate(step)
    progress.optimizer.zero_grad()
    torch.autograd.backward(losses.mean())
    nn.utils.clip_grad_norm_(_parameters(learner), settings.clip)
    progress.optimizer.step()
    progress.average.update(step)
    progress.step += 1
    return losses.mean().item()


def _begin(learner: Learner[Batch], settings: TrainSettings, folder: Path) -> Progress:
    parameters = _parameters(learner)
    optimizer = torch.optim.AdamW(
        parameters, settings.learning_rate, betas=(0.9, 0.99), weight_decay=settings.weight_decay
    )
    progress = Progress(learner.trained, optimizer, WeightAverage(parameters, settings.ema))
    restore(progress, folder, asdict(settings))
    count = sum(p.numel() for p in parameters)
    print(f"training {count / 1e6:.2f}M parameters from step {progress.step}: {settings}", flush=True)
    return progress


def _parameters(learner: Learner[Batch]) -> list[nn.Parameter]:
    return [p for p in learner.trained.parameters() if p.requires_grad]


def _require_finite(losses: Tensor, keys: tuple[str, ...], step: int) -> None:
    finite = losses.detach().isfinite().tolist()
    if not all(finite):
        bad = [key for key, good in zip(keys, finite, strict=True) if not good]
        raise NonFiniteLossError(f"step {step}: the loss is not finite on samples {', '.join(bad)}")


def _export(learner: Learner[Batch], progress: Progress, folder: Path) -> None:
    progress.average.swap()
    learner.export(folder / "export")
    progress.average.swap()


class _Report:
    """Prints one line of progress every `log_every` steps."""

    def __init__(self, settings: TrainSettings, first: int) -> None:
        self._settings, self._first, self._done = settings, first, first
        self._recent: list[float] = []
        self._start = time.monotonic()

    def add(self, loss: float) -> None:
        self._done += 1
        self._recent.append(loss)
        last = self._done == self._settings.steps
        if self._done % self._settings.log_every and not last:
            return
        elapsed = time.monotonic() - self._start
        eta = elapsed / (self._done - self._first) * (self._settings.steps - self._done)
        mean = math.fsum(self._recent) / len(self._recent)
        print(
            f"step={self._done}/{self._settings.steps} loss={mean:.4f} lr={self._settings.rate(self._done - 1):.1e} "
            f"elapsed={elapsed:.0f}s eta={eta:.0f}s",
            flush=True,
        )
        self._recent.clear()

"""The training loop every pretrain command shares: schedule, clipping, EMA, checkpoints, exact resume, progress.

It runs alone or as one of many processes under torchrun: the same samples make up a step, and the same gradient follows
from them. The randomness of a sample depends on the seed and the sample's number in the whole run alone, so a run that was
stopped and resumed repeats the uninterrupted one without any random state in its checkpoint.
"""

import copy
import gc
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

import torch
from torch import Tensor, nn

from atelier_training.data.feed import Feed
from atelier_training.data.sampling import Drawn
from atelier_training.data.shards import ShardFolder
from atelier_training.engine import training_log
from atelier_training.engine.checkpoint import Progress, WeightAverage, restore, save
from atelier_training.engine.interruption import Interruption
from atelier_training.engine.optimizers import MuonAdamW
from atelier_training.engine.parallel import Losses, clip, spread, whole
from atelier_training.engine.precision import compute_dtype
from atelier_training.engine.processes import Processes, joined
from atelier_training.engine.report import Report
from atelier_training.engine.settings import TrainSettings
from contracts.errors import InvalidInputError

LOG = "training_log.jsonl"

_BETAS = (0.9, 0.99)


class NonFiniteLossError(InvalidInputError):
    """The loss became NaN or infinite; the message names the step, counted from 0, and the samples to look at."""

    def __init__(self, step: int, samples: list[str]) -> None:
        self.step, self.samples = step, samples
        what = f"loss at step {step} on samples {', '.join(samples)}"
        super().__init__(
            what, got="NaN or infinity", allowed="a finite number: look at them or try a smaller learning rate"
        )


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


@dataclass(kw_only=True)
class Run:
    """One training as this process takes part in it. `losses` is the learner's, connected to the other processes.

    `exporter` is the learner, or where its weights are shared out a copy that can hold them whole.
    """

    settings: TrainSettings
    processes: Processes
    losses: nn.Module
    exporter: Learner[Any]
    progress: Progress
    dtype: torch.dtype

    def parameters(self) -> list[nn.Parameter]:
        """What is trained."""
        return list(self.progress.trained().values())

    def disconnect(self) -> None:
        """Let go of what exchanges gradients while the process group is still there.

        If that were the group's last owner, it would end it holding Python's lock, and wait for a thread of gloo that may
        need the lock to let go of a tensor: for ever.
        """
        self.losses = nn.Identity()
        gc.collect()

    def autocast(self) -> AbstractContextManager[object]:
        """The context to compute losses in."""
        enabled = self.dtype is not torch.float32
        return torch.autocast(self.processes.device.type, torch.bfloat16, enabled=enabled)


@dataclass(frozen=True, kw_only=True)
class Summary:
    """A finished run. `train_avg_loss` is over the last tenth of the log; `samples_per_second` since the last start."""

    leads: bool
    processes: int
    device: str
    precision: str
    train_avg_loss: float
    samples_per_second: float


def train(
    learner: Learner[Batch],
    data: ShardFolder,
    settings: TrainSettings,
    folder: Path,
    *,
    export: Path | None = None,
    interruption: Interruption | None = None,
) -> Summary:
    """Train to the last step, or resume to it, and write the averaged weights to `export`, which is `folder`/export.

    Returns what the run was like, also to the processes that write nothing. Raises InterruptedJobError after a checkpoint
    when any process is asked to stop, NonFiniteLossError at a bad loss: all processes stop at the same step.
    """
    interruption = interruption or Interruption()
    with joined() as processes:
        run = begin(learner, settings, processes)
        try:
            restore(run.progress, folder, settings.identity(), processes)
            feed = Feed(learner.batch, data, settings, processes, run.progress.step)
            _announce(run, data)
            speed = _continue(run, feed, folder, interruption)
            _export(run, export or folder / "export")
        finally:
            run.disconnect()
        if processes.leads:
            training_log.write(run.progress.history.entries, folder / LOG)
        return Summary(
            leads=processes.leads,
            processes=processes.world,
            device=processes.device.type,
            precision=str(run.dtype).removeprefix("torch."),
            train_avg_loss=training_log.average_loss(run.progress.history.entries),
            samples_per_second=speed,
        )


def begin(learner: Learner[Any], settings: TrainSettings, processes: Processes) -> Run:
    """Return the run at step 0."""
    shared_out = settings.sharding == "fsdp" and processes.together
    exporter = copy.deepcopy(learner) if shared_out and processes.leads else learner
    losses = spread(Losses(learner.trained, learner.losses), processes, settings.sharding)
    parameters = [p for p in learner.trained.parameters() if p.requires_grad]
    average = WeightAverage(parameters, settings.ema)
    return Run(
        settings=settings,
        processes=processes,
        losses=losses,
        exporter=exporter,
        progress=Progress(modules=learner.trained, optimizer=_optimizer(learner.trained, settings), average=average),
        dtype=compute_dtype(settings.precision, processes.device),
    )


def _optimizer(module: nn.Module, settings: TrainSettings) -> torch.optim.Optimizer:
    if settings.optimizer == "muon":
        return MuonAdamW(module, settings.learning_rate, betas=_BETAS, weight_decay=settings.weight_decay)
    parameters = [p for p in module.parameters() if p.requires_grad]
    return torch.optim.AdamW(parameters, settings.learning_rate, betas=_BETAS, weight_decay=settings.weight_decay)


def train_step(run: Run, batch: Keyed, *, stop: bool = False) -> tuple[float, bool]:
    """Do one optimizer step; return the mean loss of all processes' samples and whether any was asked to `stop`."""
    progress, step = run.progress, run.progress.step
    with run.autocast():
        losses = run.losses(batch)
    verdict = run.processes.verdict(losses, stop=stop)
    for group in progress.optimizer.param_groups:
        group["lr"] = run.settings.rate(step)
    progress.optimizer.zero_grad()
    torch.autograd.backward(losses.mean())
    loss, finite, stops = verdict.wait()
    if not finite:
        _blame(run, losses, batch)
    clip(run.parameters(), run.settings.clip)
    progress.optimizer.step()
    progress.average.update(step)
    progress.step += 1
    return loss, stops


def _continue(run: Run, feed: Feed, folder: Path, interruption: Interruption) -> float:
    """Train to the last step; return the samples trained on a second."""
    settings, progress, first = run.settings, run.progress, run.progress.step
    report = Report(settings, progress.history, first, silent=not run.processes.leads)
    for batch in feed.batches():
        loss, stop = train_step(run, batch, stop=interruption.requested)
        report.add(loss)
        if progress.step == first + 1:
            _require_gradients(run)
        if stop or progress.step % settings.checkpoint_every == 0 or progress.step == settings.steps:
            save(progress, folder, settings.identity(), run.processes)
        if stop:
            interruption.requested = True  # of every process, if it was of one
            interruption.check(f"training, at step {progress.step} of {settings.steps}; the same command resumes")
    return report.samples_per_second()


def _announce(run: Run, data: ShardFolder) -> None:
    if run.processes.leads:
        count = sum(p.numel() for p in run.parameters())
        print(
            f"training {count / 1e6:.2f}M parameters from step {run.progress.step} on {len(data)} samples in "
            f"{len(data.counts)} shards, {run.processes.world} x {run.processes.device.type} in {run.dtype}: {run.settings}",
            flush=True,
        )


def _require_gradients(run: Run) -> None:
    """Processes that train together wait for the gradient of every parameter, so one that never has any is a mistake."""
    missing = [name for name, parameter in run.progress.trained().items() if parameter.grad is None]
    if missing:
        raise ValueError(f"parameters without a gradient: got {', '.join(missing)}; allowed: none; freeze these")


def _blame(run: Run, losses: Tensor, batch: Keyed) -> None:
    finite = losses.detach().isfinite().tolist()
    mine = [key for key, good in zip(batch.keys, finite, strict=True) if not good]
    raise NonFiniteLossError(run.progress.step, [key for keys in run.processes.gather(mine) for key in keys])


def _export(run: Run, folder: Path) -> None:
    """Gather the averaged weights in the leading process and write them."""
    names = list(run.progress.trained())
    values = {name: whole(value) for name, value in zip(names, run.progress.average.values, strict=True)}
    if run.processes.leads:
        with torch.no_grad():
            for name, parameter in run.exporter.trained.named_parameters():
                if name in values:
                    parameter.copy_(values[name])
        run.exporter.export(folder)
    run.processes.wait()

"""The training loop of every task: learning rate, precision, accumulation, clipping, averaging, checkpoints, exact resume, progress.

It runs alone or as one of many processes under torchrun: the same samples make up a step, and the same gradient follows
from them. A batch's contents and its dropout depend only on the seed and on the batch's number in the whole run, so a resumed run repeats
the uninterrupted one without any random state in its checkpoint.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from atelier_training.engine import training_log
from atelier_training.engine.checkpoint import require_room, restore, save
from atelier_training.engine.exhaustion import noted
from atelier_training.engine.interruption import Interruption
from atelier_training.engine.looks import LearningWatch, TrainingLook, TrainingLooks
from atelier_training.engine.processes import joined
from atelier_training.engine.run import Batch, Feed, Learner, Run, begin, train_step
from atelier_training.engine.settings import Settings

LOG = "training_log.jsonl"


@dataclass(frozen=True, kw_only=True)
class Summary:
    """A finished run. `train_avg_loss` is over the last tenth of the log; `samples_per_second` since the last start.

    `looks` are those that were taken while it learnt.
    """

    leads: bool
    processes: int
    device: str
    precision: str
    train_avg_loss: float
    samples_per_second: float
    looks: TrainingLooks


def train(
    learner: Learner[Batch],
    feed: Feed[Batch],
    settings: Settings,
    folder: Path,
    *,
    export: Path,
    interruption: Interruption,
    watch: LearningWatch | None = None,
    tell: training_log.Tell | None = None,
) -> Summary:
    """Train to the last step, or resume to it from the checkpoint in `folder`, and write the resulting weights to `export`.

    Where somebody is on `watch`, these are those of the best look, and the last step may come sooner. Returns a summary of the run,
    also to the processes that write nothing. Raises InterruptedJobError after a checkpoint when any process is asked to stop,
    NonFiniteLossError at a bad loss: all processes stop at the same step. The leading process has `tell` hear of each logged step.
    """
    with joined() as processes:
        run = begin(learner, settings, processes)
        try:
            restore(run.state, folder, settings.identity, processes)
            _announce(run, feed)
            silent, first = not processes.leads, run.state.step
            steps = training_log.StepLog(settings, run.state.history, first, silent=silent, tell=tell)
            _continue(run, feed.batches(processes, first), folder, interruption, watch, steps)
            interruption.doing = "writing the trained weights"
            _export(run, export)
        finally:
            run.disconnect()
        entries = run.state.history.entries
        if processes.leads:
            training_log.write(entries, folder / LOG)
        return Summary(
            leads=processes.leads,
            processes=processes.world,
            device=processes.device.type,
            precision=str(run.dtype).removeprefix("torch."),
            train_avg_loss=training_log.average_loss(entries),
            samples_per_second=steps.samples_per_second(),
            looks=run.state.looks,
        )


def _continue(
    run: Run,
    batches: Iterator[Any],
    folder: Path,
    interruption: Interruption,
    watch: LearningWatch | None,
    log: training_log.StepLog,
) -> None:
    """Train to the last step."""
    settings, state, first = run.settings, run.state, run.state.step
    # An interrupted run may have saved a step, and not looked at it.
    _settle(run, folder, interruption, watch)
    while state.step < settings.steps and not (watch and watch.gives_up(state.looks)):
        interruption.doing = f"training step {state.step + 1} of {settings.steps}"
        with noted(run.need):
            loss, stop = train_step(run, batches, interruption)
        log.add(loss)
        if state.step == first + 1:
            _require_gradients(run)
            _require_room(run, folder)
        saves = state.step % settings.checkpoint_every == 0 or state.step == settings.steps
        _settle(run, folder, interruption, watch, stop=stop, saves=saves)


def _settle(
    run: Run,
    folder: Path,
    interruption: Interruption,
    watch: LearningWatch | None,
    *,
    stop: bool = False,
    saves: bool = False,
) -> None:
    """Between two steps: look, where it is time to, and save what was seen, or where it is time to save, or to ``stop``.

    Raises InterruptedJobError once that is done.
    """
    settings, state = run.settings, run.state
    if not stop and watch is not None and watch.due(state.looks, state.step, settings.steps):
        stop, saves = _look(run, watch, interruption), True
    if stop or saves:
        interruption.doing = f"saving the checkpoint of step {state.step}"
        save(state, folder, settings.identity, run.processes)
    if stop:
        interruption.requested = True  # one process was interrupted, so all stop
        interruption.check(f"training, after step {state.step} of {settings.steps}; the checkpoint is saved")


def _look(run: Run, watch: LearningWatch, interruption: Interruption) -> bool:
    """Have the leading process look, and all know what it saw; whether any was asked to stop meanwhile."""
    state, look = run.state, None
    interruption.doing = f"looking at what was learnt by step {state.step}"
    if run.processes.leads:
        with run.at_rest():
            look = watch.judge.look(state.step, interruption)
    told: list[tuple[TrainingLook | None, bool]] = run.processes.gather((look, interruption.requested))
    if (seen := told[0][0]) is not None:
        if state.looks.add(seen):
            best = state.result()
            state.looks.weights = {name: value.detach().cpu().clone() for name, value in best.items()}
        if run.processes.leads:
            watch.judge.show(state.looks)
    return seen is None or any(asked for _, asked in told)


def _announce(run: Run, feed: object) -> None:
    if run.processes.leads:
        count = sum(p.numel() for p in run.parameters)
        device = f"{run.processes.world} x {run.processes.device.type} in {run.dtype}"
        print(f"training {count / 1e6:.2f}M parameters from step {run.state.step} on {feed}, {device}", flush=True)


def _require_gradients(run: Run) -> None:
    """Raise if a parameter had no gradient: processes that train together would wait for it."""
    moved = {parameter for optimizer in run.state.optimizers for parameter in optimizer.state}
    trained = run.state.trained()
    missing = [name for name, parameter in trained.items() if parameter.grad is None and parameter not in moved]
    if missing:
        raise ValueError(f"parameters without a gradient: got {', '.join(missing)}; allowed: none; freeze these")


def _require_room(run: Run, folder: Path) -> None:
    """Raise after the first step, not at the last, where the checkpoints to come do not fit."""
    if run.processes.leads:
        several = run.settings.steps - run.state.step >= run.settings.checkpoint_every
        require_room(run.state, folder, several=several)


def _export(run: Run, folder: Path) -> None:
    """Gather the resulting weights in the leading process and write them."""
    values = run.state.looks.weights or run.state.result()
    if run.processes.leads:
        with torch.no_grad():
            for name, parameter in run.exporter.trained.named_parameters():
                if name in values:
                    parameter.copy_(values[name])
        run.exporter.export(folder)
    run.processes.wait()

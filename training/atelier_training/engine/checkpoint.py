"""What a pretraining run must keep to go on exactly where it stopped: weights, their average, optimizer, step, losses.

A checkpoint is one file of whole tensors, whether they are shared out while training or not: it can be continued by
another number of processes, with or without sharding.
"""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from atelier_training.engine.parallel import put, shared_like, whole
from atelier_training.engine.processes import Processes
from atelier_training.engine.training_log import Entry
from contracts.errors import InvalidInputError

FILE = "checkpoint.pt"


class CheckpointMismatchError(InvalidInputError):
    """A checkpoint was made with other settings than this run's; the message lists the differences."""


class WeightAverage:
    """Exponential moving average of parameters; it follows quickly at first and settles at `decay`."""

    def __init__(self, parameters: list[nn.Parameter], decay: float) -> None:
        self._parameters = parameters
        self._decay = decay
        self.values: list[Tensor] = [p.detach().clone() for p in parameters]

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Blend the current parameters in after optimizer step number `step`, counted from 0."""
        decay = min(self._decay, (step + 1) / (step + 11))
        torch._foreach_mul_(self.values, decay)
        torch._foreach_add_(self.values, [p.detach() for p in self._parameters], alpha=1 - decay)


@dataclass(kw_only=True)
class History:
    """The progress of the whole run: a logged entry every few steps, and the losses since the last."""

    entries: list[Entry] = field(default_factory=list)
    recent: list[float] = field(default_factory=list)


@dataclass(kw_only=True)
class Progress:
    """The state of a run. `step` counts finished optimizer steps; `modules` are the learner's, as they are trained."""

    modules: nn.Module
    optimizer: torch.optim.Optimizer
    average: WeightAverage
    history: History = field(default_factory=History)
    step: int = 0

    def trained(self) -> dict[str, nn.Parameter]:
        """The parameters that require gradients, by name, in the order of the average."""
        return {name: p for name, p in self.modules.named_parameters() if p.requires_grad}


def save(progress: Progress, folder: Path, identity: dict[str, Any], processes: Processes) -> None:
    """Write the checkpoint from the leading process; every process must call it, and goes on when it is written.

    A kill at any moment leaves either the old or the new file, never half of one.
    """
    state = {
        "step": progress.step,
        "identity": identity,
        "weights": {name: whole(p.detach()) for name, p in progress.trained().items()},
        "average": [whole(value) for value in progress.average.values],
        "optimizer": {
            number: {name: whole(value) for name, value in values.items()}
            for number, values in progress.optimizer.state_dict()["state"].items()
        },
        "history": asdict(progress.history),
    }
    if processes.leads:
        folder.mkdir(parents=True, exist_ok=True)
        partial = folder / f"{FILE}.partial"
        torch.save(state, partial)
        partial.replace(folder / FILE)
    processes.wait()


def restore(progress: Progress, folder: Path, identity: dict[str, Any], processes: Processes) -> None:
    """Load the folder's checkpoint into `progress`, if there is one; raise if it was made with other settings."""
    found = (folder / FILE).is_file()
    state: dict[str, Any] = {"step": 0}
    if found:
        state = torch.load(folder / FILE, weights_only=True, mmap=True, map_location="cpu")
    _require_same_step(processes.gather(state["step"]), folder)
    if not found:
        return
    _require_equal(state["identity"], identity, folder)
    for name, parameter in progress.trained().items():
        put(state["weights"][name], parameter)
    for value, target in zip(state["average"], progress.average.values, strict=True):
        put(value, target)
    _restore_optimizer(progress, state["optimizer"])
    entries = [Entry(**entry) for entry in state["history"]["entries"]]
    progress.history = History(entries=entries, recent=list(state["history"]["recent"]))
    progress.step = state["step"]


def _restore_optimizer(progress: Progress, saved: dict[int, dict[str, Tensor]]) -> None:
    parameters = [parameter for group in progress.optimizer.param_groups for parameter in group["params"]]
    state = progress.optimizer.state_dict()
    state["state"] = {
        number: {
            name: (shared_like(value, parameters[number]) if value.shape == parameters[number].shape else value).clone()
            for name, value in values.items()
        }
        for number, values in saved.items()
    }
    progress.optimizer.load_state_dict(state)


def _require_same_step(steps: list[int], folder: Path) -> None:
    if len(set(steps)) > 1:
        got = f"in these processes those of steps {steps}, 0 being none"
        raise CheckpointMismatchError(str(folder / FILE), got=got, allowed="a copy of the same for each")


def _require_equal(saved: dict[str, Any], wanted: dict[str, Any], folder: Path) -> None:
    names = sorted(name for name in {*saved, *wanted} if saved.get(name) != wanted.get(name))
    if names:
        what = f"{folder / FILE}: {', '.join(names)}"
        got, allowed = ({name: values.get(name) for name in names} for values in (saved, wanted))
        raise CheckpointMismatchError(what, got=got, allowed=f"{allowed} as this run asks, or another folder")

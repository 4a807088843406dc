"""What a run must keep to continue exactly where it stopped: weights, their average, optimizers, step, losses.

A checkpoint is one file of whole tensors, even where they are sharded in training. So another number of processes, with or
without sharding, can continue it. Shards are gathered tensor by tensor, and only the leading process keeps the result, on the
CPU.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.distributed.checkpoint.state_dict import (
    StateDictOptions,
    get_model_state_dict,
    get_optimizer_state_dict,
    set_model_state_dict,
    set_optimizer_state_dict,
)
from torch.optim import Optimizer

from atelier_training.engine.processes import Processes
from atelier_training.engine.training_log import History, LoggedStep
from contracts.errors import InvalidInputError

FILE = "checkpoint.pt"

_TRAINED = StateDictOptions(full_state_dict=True, cpu_offload=True, ignore_frozen_params=True)
_ALL = StateDictOptions(full_state_dict=True, cpu_offload=True)


class CheckpointMismatchError(InvalidInputError):
    """A checkpoint was made with other settings than this run's; the message lists the differences."""


class WeightAverage(nn.Module):
    """Exponential moving average of parameters; it follows quickly at first and settles at `decay`.

    It is a module so that a checkpoint gathers and restores it as it does the model.
    """

    def __init__(self, parameters: list[nn.Parameter], decay: float) -> None:
        super().__init__()
        self._parameters_followed = list(parameters)
        self._decay = decay
        self.values = nn.ParameterList([nn.Parameter(p.detach().clone(), requires_grad=False) for p in parameters])

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Blend the current parameters in after optimizer step number `step`, counted from 0."""
        decay, values = min(self._decay, (step + 1) / (step + 11)), list(self.values)
        torch._foreach_mul_(values, decay)
        torch._foreach_add_(values, [p.detach() for p in self._parameters_followed], alpha=1 - decay)


@dataclass(kw_only=True)
class RunState:
    """The state of a run. `step` counts finished optimizer steps; `modules` are the learner's, as they are trained."""

    modules: nn.Module
    optimizers: list[Optimizer]
    average: WeightAverage | None
    scaler: torch.amp.GradScaler
    history: History = field(default_factory=History)
    step: int = 0

    def trained(self) -> dict[str, nn.Parameter]:
        """The parameters that require gradients, by name, in the order of the average."""
        return {name: p for name, p in self.modules.named_parameters() if p.requires_grad}

    def result(self) -> dict[str, Tensor]:
        """The weights to export, averaged where they are, by name: whole in the leading process, nothing in the others."""
        if self.average is None:
            return get_model_state_dict(self.modules, options=_TRAINED)  # type: ignore[return-value]
        averaged = get_model_state_dict(self.average, options=_ALL)
        return dict(zip(self.trained(), averaged.values(), strict=False))  # type: ignore[arg-type]


def save(state: RunState, folder: Path, identity: Mapping[str, Any], processes: Processes) -> None:
    """Write the checkpoint from the leading process; every process must call it, and returns when the file is written.

    A kill at any moment leaves either the old or the new file, never half of one.
    """
    content = {
        "step": state.step,
        "identity": dict(identity),
        "weights": get_model_state_dict(state.modules, options=_TRAINED),
        "average": None if state.average is None else get_model_state_dict(state.average, options=_ALL),
        "optimizers": get_optimizer_state_dict(state.modules, state.optimizers, options=_TRAINED),
        "scaler": state.scaler.state_dict(),
        "history": asdict(state.history),
    }
    if processes.leads:
        folder.mkdir(parents=True, exist_ok=True)
        partial = folder / f"{FILE}.partial"
        torch.save(content, partial)
        partial.replace(folder / FILE)
    processes.wait()


def restore(state: RunState, folder: Path, identity: Mapping[str, Any], processes: Processes) -> None:
    """Load the folder's checkpoint into `state`, if there is one; raise if it was made with other settings."""
    exists = (folder / FILE).is_file()
    content: dict[str, Any] = {"step": 0}
    if exists:
        content = torch.load(folder / FILE, weights_only=True, mmap=True, map_location="cpu")
    _require_same_step(processes.gather(content["step"]), folder)
    if not exists:
        return
    _require_equal(content["identity"], dict(identity), folder)
    set_model_state_dict(state.modules, content["weights"], options=_TRAINED)
    if state.average is not None:
        set_model_state_dict(state.average, content["average"], options=_ALL)
    set_optimizer_state_dict(state.modules, state.optimizers, content["optimizers"], options=_TRAINED)
    state.scaler.load_state_dict(content["scaler"])
    entries = [LoggedStep(**entry) for entry in content["history"]["entries"]]
    state.history = History(entries=entries, recent=list(content["history"]["recent"]))
    state.step = content["step"]


def _require_same_step(steps: list[int], folder: Path) -> None:
    if len(set(steps)) > 1:
        got = f"in these processes those of steps {steps}, 0 being none"
        raise CheckpointMismatchError(str(folder / FILE), got=got, allowed="a copy of the same for each")


def _require_equal(saved: dict[str, Any], current: dict[str, Any], folder: Path) -> None:
    names = sorted(name for name in {*saved, *current} if saved.get(name) != current.get(name))
    if names:
        what = f"{folder / FILE}: {', '.join(names)}"
        got, allowed = ({name: values.get(name) for name in names} for values in (saved, current))
        raise CheckpointMismatchError(what, got=got, allowed=f"{allowed} as this run asks, or another folder")

"""What a pretraining run must keep to go on exactly where it stopped: weights, their average, optimizer, step."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

FILE = "checkpoint.pt"


class CheckpointMismatchError(Exception):
    """A checkpoint was made with other settings than this run's; the message lists the differences."""


class WeightAverage:
    """Exponential moving average of parameters; it follows quickly at first and settles at `decay`."""

    def __init__(self, parameters: list[nn.Parameter], decay: float) -> None:
        self._parameters = parameters
        self._decay = decay
        self.values = [p.detach().clone() for p in parameters]

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Blend the current parameters in after optimizer step number `step`, counted from 0."""
        decay = min(self._decay, (step + 1) / (step + 11))
        torch._foreach_mul_(self.values, decay)
        torch._foreach_add_(self.values, [p.detach() for p in self._parameters], alpha=1 - decay)

    @torch.no_grad()
    def swap(self) -> None:
        """Exchange the parameters with their average; call it again to swap back."""
        for parameter, value in zip(self._parameters, self.values, strict=True):
            held = parameter.detach().clone()
            parameter.copy_(value)
            value.copy_(held)


@dataclass
class Progress:
    """The state of a run. `step` counts finished optimizer steps."""

    modules: nn.Module
    optimizer: torch.optim.Optimizer
    average: WeightAverage
    step: int = 0


def save(progress: Progress, folder: Path, settings: dict[str, Any]) -> None:
    """Write the checkpoint so that a kill at any moment leaves either the old or the new file, never half of one."""
    folder.mkdir(parents=True, exist_ok=True)
    state = {
        "step": progress.step,
        "settings": settings,
        "modules": progress.modules.state_dict(),
        "optimizer": progress.optimizer.state_dict(),
        "average": progress.average.values,
    }
    partial = folder / f"{FILE}.partial"
    torch.save(state, partial)
    partial.replace(folder / FILE)


def restore(progress: Progress, folder: Path, settings: dict[str, Any]) -> None:
    """Load the folder's checkpoint into `progress`, if there is one; raise if it was made with other settings."""
    if not (folder / FILE).is_file():
        return
    state = torch.load(folder / FILE, weights_only=True)
    _require_equal(state["settings"], settings, folder)
    progress.modules.load_state_dict(state["modules"])
    progress.optimizer.load_state_dict(state["optimizer"])
    _copy(state["average"], progress.average.values)
    progress.step = state["step"]


def _require_equal(saved: dict[str, Any], wanted: dict[str, Any], folder: Path) -> None:
    names = sorted(name for name in {*saved, *wanted} if saved.get(name) != wanted.get(name))
    if names:
        found = ", ".join(
            f"{name}: checkpoint has {saved.get(name)!r}, run asks {wanted.get(name)!r}" for name in names
        )
        raise CheckpointMismatchError(f"{folder / FILE}: {found}; use equal settings or another folder")


@torch.no_grad()
def _copy(sources: list[Tensor], targets: list[Tensor]) -> None:
    for source, target in zip(sources, targets, strict=True):
        target.copy_(source)

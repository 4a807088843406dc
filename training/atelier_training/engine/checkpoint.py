"""What a run must keep to continue exactly where it stopped: weights, their average, optimizers, step, losses.

A checkpoint is one file of whole tensors, even where they are sharded in training. So another number of processes, with or
without sharding, can continue it. Shards are gathered tensor by tensor, and only the leading process keeps the result, on the
CPU.
"""

import logging
import os
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
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

from atelier_training.engine.exhaustion import GIB, DiskFullError
from atelier_training.engine.looks import TrainingLook, TrainingLooks
from atelier_training.engine.processes import Processes
from atelier_training.engine.training_log import History, LoggedStep
from contracts.errors import InvalidInputError

FILE = "checkpoint.pt"

_PARTIAL = f"{FILE}.partial"
"""What is being written. Whoever finds one found the rest of a killed process."""

log = logging.getLogger(__name__)

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
    looks: TrainingLooks = field(default_factory=TrainingLooks)
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
        "looks": [asdict(look) for look in state.looks.entries],
        "best": {"step": state.looks.best, "weights": dict(state.looks.weights)},
    }
    if processes.leads:
        folder.mkdir(parents=True, exist_ok=True)
        with _removed_if_unfinished(folder / _PARTIAL, _nbytes(state)) as partial:
            # To a file of Python's, whose errors are the system's own.
            with partial.open("wb") as file:
                torch.save(content, file)
                file.flush()
                os.fsync(file.fileno())  # some file systems say only now that there is no room
            partial.replace(folder / FILE)
    processes.wait()


def restore(state: RunState, folder: Path, identity: Mapping[str, Any], processes: Processes) -> None:
    """Load the folder's checkpoint into `state`, if there is one; raise if it was made with other settings.

    One that is damaged in any process's folder is not used: a run that begins anew comes to the same weights.
    """
    (folder / _PARTIAL).unlink(missing_ok=True)
    exists = (folder / FILE).is_file()
    if not all(processes.gather(not exists or _is_whole(folder / FILE))):
        log.warning("%s is damaged, as a copy that was cut off is: the training begins anew", folder / FILE)
        return
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
    best = content["best"]
    looks = [TrainingLook(**look) for look in content["looks"]]
    state.looks = TrainingLooks(entries=looks, best=best["step"], weights=best["weights"] if processes.leads else {})
    state.step = content["step"]


def require_room(state: RunState, folder: Path, *, several: bool) -> None:
    """Raise DiskFullError where the next checkpoint, and with `several` one more beside it, does not fit the folder's disk.

    To be called in the leading process once the optimizers have moved the weights, when all that a checkpoint holds is there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    size, old = _nbytes(state), folder / FILE
    kept = old.stat().st_size if old.is_file() else 0
    # The old one is kept until the new one is whole.
    needed = max(size, 2 * size - kept) if several else size
    free = shutil.disk_usage(folder).free
    if needed > free:
        allowed = f"{needed / GIB:.2f} GiB more for checkpoints of {size / GIB:.2f} GiB: a larger volume_gib"
        raise DiskFullError(f"free disk for checkpoints at {folder}", got=f"{free / GIB:.2f} GiB", allowed=allowed)


def _nbytes(state: RunState) -> int:
    """Bytes of the weights, averages and optimizer states that a checkpoint holds whole."""
    tensors: list[Tensor] = [*state.trained().values(), *(state.average.values if state.average else ())]
    tensors += state.looks.weights.values()
    for optimizer in state.optimizers:
        tensors += [value for each in optimizer.state.values() for value in each.values() if isinstance(value, Tensor)]
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


def _is_whole(file: Path) -> bool:
    """Whether every byte is as it was written, by the file's own checksums."""
    try:
        with zipfile.ZipFile(file) as parts:
            return parts.testzip() is None
    except (zipfile.BadZipFile, OSError, EOFError):
        return False


@contextmanager
def _removed_if_unfinished(partial: Path, size: int) -> Iterator[Path]:
    """Leave no unfinished file of `size` bytes, which may be what fills the disk, and note on the error what was needed."""
    free = shutil.disk_usage(partial.parent).free
    try:
        yield partial
    except BaseException as error:
        partial.unlink(missing_ok=True)
        error.add_note(f"a checkpoint is {size / GIB:.2f} GiB, and {free / GIB:.2f} GiB were free")
        raise


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

"""One run of a task: what is trained and how, and the optimizer step."""

import copy
import gc
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol, TypeVar

import torch
from torch import Tensor, nn
from torch.distributed.tensor import DTensor
from torch.nn.parallel import DistributedDataParallel

from atelier_training.engine.checkpoint import RunState, WeightAverage
from atelier_training.engine.exhaustion import GIB
from atelier_training.engine.interruption import Interruption
from atelier_training.engine.optimizers import state_bytes
from atelier_training.engine.parallel import Losses, clip, on_device, spread
from atelier_training.engine.processes import Processes
from atelier_training.engine.released import MOST_WAITING, ReleasedGradients, release
from atelier_training.engine.settings import Settings
from contracts.errors import InvalidInputError

_FORMATS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


class NonFiniteLossError(InvalidInputError):
    """The loss became NaN or infinite; the message names the step, counted from 1 as in the log, and the samples to look at."""

    def __init__(self, step: int, samples: list[str]) -> None:
        self.step, self.samples = step, samples
        allowed = "a finite number: look at them or try a smaller learning_rate"
        super().__init__(f"loss at step {step} on {', '.join(samples)}", got="NaN or infinity", allowed=allowed)


class Keyed(Protocol):
    """A batch that knows which samples it was made of, in the order of its losses."""

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of the samples."""


Batch = TypeVar("Batch", bound=Keyed)
Drawing = TypeVar("Drawing", bound=Keyed, covariant=True)
Taking = TypeVar("Taking", bound=Keyed, contravariant=True)


class Learner(Protocol[Taking]):
    """What the loop trains."""

    @property
    def trained(self) -> nn.Module:
        """Every module that `losses` uses, in a ModuleDict where there are several; frozen ones require no gradients."""

    def losses(self, batch: Taking) -> Tensor:
        """Return the loss of each sample, shape (n,): a pure function of the batch and the weights."""

    def export(self, folder: Path) -> None:
        """Write the weights as diffusers or transformers load them."""


class Feed(Protocol[Drawing]):
    """The source of batches; ``str`` of it says what they are made of."""

    def batches(self, processes: Processes, first: int) -> Iterator[Drawing]:
        """Yield this process's batches from step `first` on, `accumulation` of them for each step."""


@dataclass(kw_only=True)
class Run:
    """One training as this process takes part in it. `losses` is the learner's, connected to the other processes.

    `exporter` is the learner, or where its weights are shared out a copy that can hold them whole. `released` are the gradients where
    nothing wants all of them at once.
    """

    settings: Settings
    processes: Processes
    losses: nn.Module
    exporter: Learner[Any]
    state: RunState
    dtype: torch.dtype
    released: ReleasedGradients | None

    @cached_property
    def parameters(self) -> list[nn.Parameter]:
        """What is trained, looked up once: a UNet has hundreds of modules."""
        return list(self.state.trained().values())

    def need(self) -> str:
        """What this process's memory must hold besides activations."""
        weights = sum(_here(p) * p.element_size() for p in self.losses.parameters())
        gradients = sum(_here(p) * p.element_size() for p in self.parameters)
        if self.released:
            gradients = min(gradients, MOST_WAITING)
        states = sum(
            state_bytes(optimizer) * _here(p)
            for optimizer in self.state.optimizers
            for group in optimizer.param_groups
            for p in group["params"]
        )
        return f"weights, gradients and optimizer are {(weights + gradients + states) / GIB:.2f} GiB"

    def disconnect(self) -> None:
        """Release what exchanges gradients before the process group ends.

        Otherwise this object would be the last to hold the group and would end it while holding Python's lock. A thread of gloo
        may need that lock to free a tensor, and both would wait for each other for ever. One process exchanges nothing.
        """
        if self.processes.together:
            self.losses = nn.Identity()
            gc.collect()

    def computing(self, *, last: bool) -> AbstractContextManager[object]:
        """The context of a batch's forward and backward pass: processes exchange gradients at the `last` batch of a step."""
        if last or not isinstance(self.losses, DistributedDataParallel):
            return nullcontext()
        return self.losses.no_sync()

    @contextmanager
    def at_rest(self) -> Iterator[None]:
        """What is trained as it is used, without dropout and gradients, for as long as somebody looks at it."""
        learning = [module for module in self.state.modules.modules() if module.training]
        self.state.modules.eval()
        try:
            with torch.no_grad():
                yield
        finally:
            for module in learning:
                module.training = True

    def autocast(self) -> AbstractContextManager[object]:
        """The context to compute losses in."""
        return autocast_of(self.processes.device, self.dtype)


def autocast_of(device: torch.device, dtype: torch.dtype) -> AbstractContextManager[object]:
    """The context that computes in ``dtype``; single precision needs none."""
    enabled = dtype is not torch.float32
    return torch.autocast(device.type, dtype if enabled else torch.bfloat16, enabled=enabled)


def _here(parameter: Tensor) -> int:
    """How many of a parameter's values are in this process."""
    return parameter.to_local().numel() if isinstance(parameter, DTensor) else parameter.numel()


def begin(learner: Learner[Any], settings: Settings, processes: Processes) -> Run:
    """Return the run at step 0. Raises ValueError where what is trained was loaded in half precision."""
    _require_single_precision(learner.trained)
    shared_out = settings.sharding == "fsdp" and processes.together
    exporter = copy.deepcopy(learner) if shared_out and processes.leads else learner
    losses = spread(Losses(learner.trained, learner.losses), processes, settings.sharding)
    dtype = compute_dtype(settings.precision, processes.device)
    trained = [p for p in learner.trained.parameters() if p.requires_grad]
    state = RunState(
        modules=learner.trained,
        optimizers=settings.optimizers(learner.trained),
        average=WeightAverage(trained, settings.ema) if settings.ema else None,
        scaler=torch.amp.GradScaler(processes.device.type, enabled=dtype is torch.float16),
    )
    return Run(
        settings=settings,
        processes=processes,
        losses=losses,
        exporter=exporter,
        state=state,
        dtype=dtype,
        released=release(settings, processes, state),
    )


def _require_single_precision(trained: nn.Module) -> None:
    """In half precision a weight starts rounded, and an update smaller than its last digit is lost: only what is frozen may be cast."""
    rough = {name: p.dtype for name, p in trained.named_parameters() if p.requires_grad and p.dtype != torch.float32}
    if rough:
        (name, dtype), more = next(iter(rough.items())), f" and {len(rough) - 1} more" if len(rough) > 1 else ""
        raise ValueError(f"trained parameters: got {dtype} in {name}{more}; allowed: torch.float32")


def compute_dtype(precision: str, device: torch.device) -> torch.dtype:
    """Return what `precision` means on a device: fp32, bf16, fp16, auto (bf16 or fp32) or half (auto, but fp16 on older GPUs).

    Automatic is bfloat16 where the hardware multiplies matrices of it: GPUs since Ampere, CPUs with AMX. Other CPUs, also
    those that have single bfloat16 instructions, lose more in converting small models' tensors than they win.
    """
    if precision in _FORMATS:
        return _FORMATS[precision]
    if device.type == "cuda":
        if torch.cuda.is_bf16_supported(including_emulation=False):
            return torch.bfloat16
        return torch.float16 if precision == "half" else torch.float32
    tiles = bool(torch.cpu.get_capabilities().get("amx_bf16", False))
    return torch.bfloat16 if precision == "auto" and tiles else torch.float32


def train_step(run: Run, batches: Iterator[Any], interruption: Interruption | None = None) -> tuple[float, bool]:
    """Do one optimizer step; return the mean loss of all processes' samples and whether any was interrupted."""
    state, settings = run.state, run.settings
    torch.manual_seed(hash((settings.seed, state.step, run.processes.rank)) & (2**63 - 1))
    for optimizer in state.optimizers:
        optimizer.zero_grad()
        for group in optimizer.param_groups:
            group["lr"] = settings.rate(state.step) * group.get("gain", 1.0)
    losses: list[Tensor] = []
    keys: list[str] = []
    for part in range(settings.accumulation):
        batch, last = on_device(next(batches), run.processes.device), part == settings.accumulation - 1
        keys.extend(batch.keys)
        with run.computing(last=last):
            with run.autocast():
                losses.append(run.losses(batch))
            if last:
                stop = interruption is not None and interruption.requested
                verdict = run.processes.verdict(torch.cat(losses), stop=stop)
            torch.autograd.backward(state.scaler.scale(losses[-1].mean() / settings.accumulation))
            losses[-1] = losses[-1].detach()
    loss, finite, stops = verdict()
    if not finite:
        bad = [key for key, value in zip(keys, torch.cat(losses), strict=True) if not value.isfinite()]
        raise NonFiniteLossError(state.step + 1, [key for each in run.processes.gather(bad) for key in each])
    _update(run)
    return loss, stops


def _update(run: Run) -> None:
    """Move the weights by their gradients."""
    state = run.state
    for optimizer in state.optimizers:
        state.scaler.unscale_(optimizer)
    if run.settings.clip:
        # In half precision the scaler has its own use for what an optimizer divides by.
        clip(run.parameters, run.settings.clip, [] if state.scaler.is_enabled() else state.optimizers)
    for optimizer in state.optimizers:
        state.scaler.step(optimizer)
    if run.released:
        run.released.forget()
    state.scaler.update()
    if state.average is not None:
        state.average.update(state.step)
    state.step += 1

"""What the engine needs to know of a run. Tasks derive it from their hyperparameters; there are no defaults here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from torch import nn
from torch.optim import Optimizer


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How long and how to optimise.

    ``samples`` is the number of samples in one step over all processes. ``rate`` gives the learning rate of a step, counted from 0.
    ``optimizers`` makes the optimizers of a module's trained parameters; a parameter group may have a ``gain``, by which its
    rate is multiplied. A step gathers the gradients of ``accumulation`` batches, whose norm is at most ``clip``; 0 is no
    limit. ``ema`` is how slowly the averaged weights follow, and 0 averages none. ``identity`` is what must be equal for
    a checkpoint to be continued. The training log has an entry every ``entry_every`` steps, the job's log a line every ``line_every``.
    """

    steps: int
    samples: int
    rate: Callable[[int], float]
    optimizers: Callable[[nn.Module], list[Optimizer]]
    clip: float
    ema: float
    accumulation: int
    precision: str
    sharding: str
    seed: int
    checkpoint_every: int
    entry_every: int
    line_every: int
    identity: Mapping[str, Any]

"""Gradients that are let go as soon as they have moved their weights: a step never holds all of them.

AdamW moves each weight by its own gradient alone, so nothing has to wait for the end of the backward pass, unless the gradients of several
batches or processes are added, their norm is limited, or they may prove to be infinite in half precision. What is learnt is the same to
the last bit. The way is PyTorch's (https://docs.pytorch.org/tutorials/intermediate/optimizer_step_in_backward_tutorial.html), with
one call of the optimizer for many weights: a model has hundreds, and a call looks at each of them.
"""

import torch
from torch import Tensor, nn

from atelier_training.engine.checkpoint import RunState
from atelier_training.engine.processes import Processes
from atelier_training.engine.settings import Settings

MOST_WAITING = 2**25
"""Bytes of gradients that wait for the optimizer to be called: a few dozen calls a step of a UNet."""


class ReleasedGradients:
    """Has ``optimizer`` move weights while the backward pass goes on. Its own ``step`` at the end moves those that are left."""

    def __init__(self, optimizer: torch.optim.AdamW) -> None:
        self._optimizer = optimizer
        self._waiting: list[nn.Parameter] = []
        self._bytes = 0
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                parameter.register_post_accumulate_grad_hook(self._take)

    def _take(self, parameter: Tensor) -> None:
        assert isinstance(parameter, nn.Parameter)
        assert parameter.grad is not None
        self._waiting.append(parameter)
        self._bytes += parameter.grad.nbytes
        if self._bytes >= MOST_WAITING:
            self._optimizer.step()
            self.forget()

    def forget(self) -> None:
        """Let go of the gradients that have moved their weights."""
        for parameter in self._waiting:
            parameter.grad = None
        self._waiting, self._bytes = [], 0


def release(settings: Settings, processes: Processes, state: RunState) -> ReleasedGradients | None:
    """Let a run's gradients go, where nothing wants all of them at once: ``contracts.training_needs`` counts on it."""
    if settings.clip or settings.accumulation > 1 or processes.together or state.scaler.is_enabled():
        return None
    (optimizer, *others) = state.optimizers
    return ReleasedGradients(optimizer) if isinstance(optimizer, torch.optim.AdamW) and not others else None

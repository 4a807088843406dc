"""The averaged weights that a run exports."""

import torch
from torch import nn


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

"""A small training, of three numbers to be sorted."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from atelier_training.data.sampling import Drawn, keys
from contracts.pretrain_hyperparameters import PretrainHyperparameters


@dataclass(frozen=True, kw_only=True)
class Points:
    """Values (n, 3) and the keys of their samples."""

    keys: tuple[str, ...]
    values: Tensor


class Blocks(nn.Module):
    """A frozen layer, blocks, and a last layer of a width that two processes cannot share equally."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(3, 8).requires_grad_(False)
        self.blocks = nn.ModuleList([nn.Sequential(nn.Linear(8, 8), nn.Tanh()) for _ in range(2)])
        self.last = nn.Linear(8, 3)
        nothing: Any = None
        self.idle = nn.ModuleList([nothing])  # as diffusers' blocks without attention have

    def forward(self, values: Tensor) -> Tensor:
        """Map (n, 3) to (n, 3)."""
        values = self.first(values)
        for block in self.blocks:
            values = block(values)
        return torch.as_tensor(self.last(values))


class PointLearner:
    """Learns to sort three numbers; the sample `poisoned` has no finite loss, and `before` is called before each batch."""

    def __init__(self, *, poisoned: str = "", before: Callable[[int], None] = lambda _: None) -> None:
        torch.manual_seed(0)
        self.module, self._poisoned, self._before, self._batches = Blocks(), poisoned, before, 0

    @property
    def trained(self) -> nn.Module:
        """The blocks."""
        return self.module

    def batch(self, drawn: Sequence[Drawn]) -> Points:
        """Draw three numbers for each sample."""
        self._before(self._batches)
        self._batches += 1
        values = np.stack([one.rng.normal(size=3) for one in drawn])
        return Points(keys=keys(drawn), values=torch.from_numpy(values).float())

    def losses(self, batch: Points) -> Tensor:
        """Squared error."""
        error = (self.module(batch.values) - batch.values.sort(1).values).pow(2).mean(1)
        return torch.as_tensor(error) + torch.tensor(
            [float("nan") if key == self._poisoned else 0.0 for key in batch.keys]
        )

    def export(self, folder: Path) -> None:
        """Write all weights."""
        folder.mkdir(parents=True, exist_ok=True)
        save_file(self.module.state_dict(), folder / "model.safetensors")


def tuned(**chosen: Any) -> PretrainHyperparameters:
    """Twelve steps unless `chosen` says otherwise."""
    usual = {"steps": 12, "batch": 8, "learning_rate": 0.05, "warmup": 2, "streams": 4, "precision": "fp32"}
    return PretrainHyperparameters(**{**usual, **chosen})

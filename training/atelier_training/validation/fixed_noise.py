"""The loss on pictures that nothing is learnt from, always with the same noise: two looks differ by the weights alone.

Noise levels are spread evenly, because most of what a loss varies by is how much noise there is.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

import torch
from torch import Tensor

from atelier_training.data.draws import Purpose, torch_generator
from atelier_training.data.latents import Batch, EncodedViews
from atelier_training.engine.parallel import on_device
from contracts.training_time import NOISE_LEVELS
from diffusion.trainee import Words


@dataclass(frozen=True, kw_only=True)
class FixedNoise:
    """The first ``count`` of ``views`` are the pictures, one view each, with ``words`` by caption.

    ``losses`` is the learner's, and ``timesteps`` how many its noise schedule has.
    """

    views: EncodedViews
    count: int
    words: Mapping[str, Words]
    losses: Callable[[Batch], Tensor]
    autocast: Callable[[], AbstractContextManager[object]]
    timesteps: int
    seed: int
    device: torch.device

    def __call__(self) -> float | None:
        """The mean over pictures and noise levels; None where there is no picture. To be called without gradients."""
        losses = list[Tensor]()
        for picture in range(self.count):
            batch = on_device(self._batch(picture), self.device)
            with self.autocast():
                losses.append(self.losses(batch).double().cpu())
        return float(torch.cat(losses).mean()) if losses else None

    def _batch(self, picture: int) -> Batch:
        """One picture at every noise level."""
        view, words = self.views.view(picture, 0), self.words[self.views.captions[picture]]
        chance = torch_generator(self.seed, Purpose.VALIDATION_NOISE, picture)
        levels = (torch.arange(NOISE_LEVELS) + 0.5) / NOISE_LEVELS * self.timesteps
        return Batch(
            keys=(self.views.names[picture],) * NOISE_LEVELS,
            latents=_repeated(view.latents),
            noise=torch.randn((NOISE_LEVELS, *view.latents.shape), generator=chance),
            masks=_repeated(view.mask),
            masked=_repeated(view.masked),
            timesteps=levels.long(),
            words={name: _repeated(row) for name, row in words.items()},
            frames=_repeated(view.frame),
            shares=torch.full((NOISE_LEVELS,), 1 / NOISE_LEVELS),
        )


def _repeated(row: Tensor) -> Tensor:
    return row.expand(NOISE_LEVELS, *row.shape)

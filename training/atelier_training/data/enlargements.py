"""The batches of an upscaler's fine-tuning. What is drawn is a function of the seed and the batch's number alone."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from atelier_training.data.draws import Purpose, order, torch_generator
from atelier_training.data.kept_views import KeptViews
from atelier_training.data.pairs import EncodedPair, Pair
from atelier_training.engine.processes import Processes
from contracts.hyperparameters import Hyperparameters
from diffusion.trainee import Words

USUAL_SHARE = 0.5
"""So often noise is what the service has where a request says nothing: on small pictures, and at the steps that it takes.

A sampler of few steps sees few kinds of noise; those in between alone would unlearn what it needs.
"""


@dataclass(frozen=True, kw_only=True)
class EnlargementBatch:
    """B pairs: ``latents`` and ``noise`` (B, c, s, s), ``small`` and its noise ``grain`` (B, 3, s, s), how much of either
    (``timesteps`` and ``levels``, (B,)), and ``words`` as ``diffusion.trainee`` encodes them.
    """

    keys: tuple[str, ...]
    latents: Tensor
    noise: Tensor
    small: Tensor
    grain: Tensor
    timesteps: Tensor
    levels: Tensor
    words: Words


@dataclass(frozen=True, kw_only=True)
class EnlargementBatches:
    """Draws pairs, noise of ``timesteps`` steps, half of the time one of ``served``, and of levels up to ``most_noise``, or ``usual``."""

    pairs: KeptViews[Pair, EncodedPair]
    words: Mapping[str, Words]
    tuning: Hyperparameters
    timesteps: int
    served: tuple[int, ...]
    usual: int
    most_noise: int

    def __str__(self) -> str:
        return f"{len(self.pairs.names)} pictures"

    def batches(self, processes: Processes, first: int) -> Iterator[EnlargementBatch]:
        """This process's batches from step ``first`` on: processes take the batches of the whole run in turns."""
        return map(self.draw, processes.turns(first * self.tuning.gradient_accumulation_steps))

    def draw(self, number: int) -> EnlargementBatch:
        """The batch with this number in the whole run, counted from 0, on the CPU."""
        tuning, size = self.tuning, self.tuning.batch_size
        pictures = order(tuning.seed, len(self.pairs.names), number * size, size)
        chance = torch_generator(tuning.seed, Purpose.STEP, number)
        parts = torch.randint(self.pairs.views, (size,), generator=chance).tolist()
        drawn = [self.pairs.view(picture, part) for picture, part in zip(pictures, parts, strict=True)]
        latents, small = torch.stack([each.latents for each in drawn]), torch.stack([each.small for each in drawn])
        noise, grain = (torch.randn(each.shape, generator=chance) for each in (latents, small))
        own, usual = (torch.rand(2, size, generator=chance) < USUAL_SHARE).unbind()
        levels = torch.randint(self.most_noise + 1, (size,), generator=chance)
        timesteps = torch.randint(self.timesteps, (size,), generator=chance)
        served = torch.tensor(self.served)[torch.randint(len(self.served), (size,), generator=chance)]
        words = [self.words[self.pairs.captions[picture]] for picture in pictures]
        return EnlargementBatch(
            keys=tuple(self.pairs.names[picture] for picture in pictures),
            latents=latents,
            noise=noise,
            small=small,
            grain=grain,
            timesteps=torch.where(own, served, timesteps),
            levels=torch.where(usual, self.usual, levels),
            words={name: torch.stack([row[name] for row in words]) for name in words[0]},
        )

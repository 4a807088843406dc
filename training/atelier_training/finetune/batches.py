"""Which pictures, noise and timesteps each process sees at each step: a function of the seed and the batch's number alone."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

import torch
from torch import Tensor

from atelier_training.engine.processes import Processes
from atelier_training.finetune.cache import LatentCache
from atelier_training.finetune.draws import Purpose, order, torch_generator
from contracts.hyperparameters import Hyperparameters
from diffusion.trainee import Words


@dataclass(frozen=True, kw_only=True)
class Batch:
    """B drawn views. ``shares`` (B,) are each picture's weight in the loss.

    ``latents`` and ``noise`` (B, 4, h, w); ``masks`` (B, 1, h, w); ``masked`` (B, 4, h, w); ``timesteps`` (B,);
    ``words`` as ``diffusion.trainee`` encodes or tokenizes them; ``frames`` (B, 6), see ``View``.
    """

    keys: tuple[str, ...]
    latents: Tensor
    noise: Tensor
    masks: Tensor
    masked: Tensor
    timesteps: Tensor
    words: Words
    frames: Tensor
    shares: Tensor


@dataclass(frozen=True, kw_only=True)
class Batches:
    """Draws the batches of a training: the garment's pictures and, with prior preservation, as many of the class."""

    instance: LatentCache
    prior: LatentCache | None
    words: Mapping[str, Words]
    tuning: Hyperparameters
    timesteps: int

    def __str__(self) -> str:
        return f"{self.instance.pictures} pictures"

    def batches(self, processes: Processes, first: int) -> Iterator[Batch]:
        """This process's batches from step ``first`` on: processes take the batches of the whole run in turns."""
        start = first * self.tuning.gradient_accumulation_steps * processes.world + processes.rank
        return (self.draw(number) for number in count(start, processes.world))

    def draw(self, number: int) -> Batch:
        """The batch with this number in the whole run, counted from 0, on the CPU."""
        own = self._from(self.instance, Purpose.STEP, number, 1.0)
        if self.prior is None:
            return own
        return _joined(own, self._from(self.prior, Purpose.PRIOR_STEP, number, self.tuning.prior_loss_weight))

    def _from(self, cache: LatentCache, purpose: Purpose, number: int, share: float) -> Batch:
        tuning, size = self.tuning, self.tuning.batch_size
        pictures = torch.tensor(order(tuning.seed, cache.pictures, number * size, size))
        chance = torch_generator(tuning.seed, purpose, number)
        index = pictures * cache.views + torch.randint(cache.views, (size,), generator=chance)
        latents = cache.latents[index]
        return Batch(
            keys=tuple(cache.names[i] for i in index),
            latents=latents,
            noise=torch.randn(latents.shape, generator=chance),
            masks=cache.masks[index],
            masked=cache.masked[index],
            timesteps=torch.randint(self.timesteps, (size,), generator=chance),
            words=_stacked([self.words[cache.captions[i]] for i in index]),
            frames=cache.frames[index],
            shares=torch.full((size,), share / size),
        )


def _stacked(rows: Sequence[Words]) -> Words:
    return {name: torch.stack([row[name] for row in rows]) for name in rows[0]}


def _joined(first: Batch, second: Batch) -> Batch:
    pairs = {
        name: (value, getattr(second, name)) for name, value in first.__dict__.items() if isinstance(value, Tensor)
    }
    return Batch(
        keys=first.keys + second.keys,
        words={name: torch.cat([each, second.words[name]]) for name, each in first.words.items()},
        **{name: torch.cat(pair) for name, pair in pairs.items()},
    )

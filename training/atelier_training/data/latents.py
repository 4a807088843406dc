"""The batches of a fine-tune: views encoded once, as the VAE is not trained, and which of them, with which noise, a step sees.

What is drawn is a function of the seed and the batch's number alone.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, islice

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from atelier_training.data.draws import Purpose, order, torch_generator
from atelier_training.data.example_views import Frame, View
from atelier_training.engine.interruption import Interruption
from atelier_training.engine.processes import Processes
from contracts.hyperparameters import Hyperparameters
from diffusion.trainee import Trainee, Words

ENCODED_AT_ONCE = 4


@dataclass(frozen=True, kw_only=True)
class LatentCache:
    """N views, ``views`` of one picture after another, on the CPU in float32.

    ``latents`` (N, 4, h, w); ``masks`` (N, 1, h, w), 1 where painted; ``masked`` (N, 4, h, w), the latents of the picture with the
    painted part grey; ``frames`` (N, 6), see ``View``; ``names`` and ``captions`` of each.
    """

    names: Sequence[str]
    captions: Sequence[str]
    latents: Tensor
    masks: Tensor
    masked: Tensor
    frames: Tensor
    views: int

    @property
    def pictures(self) -> int:
        """How many pictures the views are of."""
        return len(self.names) // self.views


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
        latents, words = cache.latents[index], [self.words[cache.captions[i]] for i in index]
        noise = torch.randn(latents.shape, generator=chance)
        timesteps = torch.randint(self.timesteps, (size,), generator=chance)
        if tuning.noise_offset:  # drawn last, so that all else is drawn as without
            noise = noise + tuning.noise_offset * torch.randn((*latents.shape[:2], 1, 1), generator=chance)
        return Batch(
            keys=tuple(cache.names[i] for i in index),
            latents=latents,
            noise=noise,
            masks=cache.masks[index],
            masked=cache.masked[index],
            timesteps=timesteps,
            words={name: torch.stack([row[name] for row in words]) for name in words[0]},
            frames=cache.frames[index],
            shares=torch.full((size,), share / size),
        )


def _joined(first: Batch, second: Batch) -> Batch:
    own, others = vars(first), vars(second)
    tensors = {name: torch.cat([own[name], others[name]]) for name in own if isinstance(own[name], Tensor)}
    words = {name: torch.cat([each, second.words[name]]) for name, each in first.words.items()}
    return Batch(keys=first.keys + second.keys, words=words, **tensors)


def encode_views(family: Trainee, views: Iterable[View], *, views_each: int, interruption: Interruption) -> LatentCache:
    """Encode every view and its masked twin, as the inpainting pipeline does at sampling."""
    rows: list[tuple[str, str, Frame]] = []
    parts: list[tuple[Tensor, Tensor, Tensor]] = []
    waiting = iter(views)
    while chunk := list(islice(waiting, ENCODED_AT_ONCE)):
        interruption.check(f"encoding {chunk[0].name}")
        rows += [(view.name, view.caption, view.frame) for view in chunk]
        parts.append(_encode(family, chunk))
    names, captions, frames = zip(*rows, strict=True)
    latents, masks, masked = (torch.cat(tensors) for tensors in zip(*parts, strict=True))
    return LatentCache(
        names=names,
        captions=captions,
        latents=latents,
        masks=masks,
        masked=masked,
        frames=torch.tensor(frames, dtype=torch.float32),
        views=views_each,
    )


def _encode(family: Trainee, views: Sequence[View]) -> tuple[Tensor, Tensor, Tensor]:
    levels = torch.from_numpy(np.stack([view.pixels for view in views])).permute(0, 3, 1, 2)
    pictures = levels.float() / 127.5 - 1  # (n, 3, side, side) in [-1, 1]
    masks = torch.from_numpy(np.stack([view.mask for view in views]))[:, None].float()  # (n, 1, side, side)
    latents = family.encode_pictures(pictures)
    # Grey is 0: what the pipeline fills the painted part with.
    masked = family.encode_pictures(pictures * (1 - masks))
    return latents, interpolate(masks, size=latents.shape[-2:]), masked

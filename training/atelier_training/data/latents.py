"""The batches of a fine-tune: which views a step sees, with which noise.

What is drawn is a function of the seed and the batch's number alone.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

import torch
from torch import Tensor

from atelier_training.data.draws import Purpose, batch_of_one_group, torch_generator
from atelier_training.engine.processes import Processes
from contracts.hyperparameters import Hyperparameters
from diffusion.trainee import Words


@dataclass(frozen=True, kw_only=True)
class EncodedView:
    """A view as the denoiser sees it, on the CPU in float32.

    ``latents`` (4, h, w); ``mask`` (1, h, w), 1 where painted; ``masked`` (4, h, w), the latents of the picture with the painted part
    grey; ``frame`` (6,), see ``View``.
    """

    latents: Tensor
    mask: Tensor
    masked: Tensor
    frame: Tensor


class EncodedViews(Protocol):
    """``views`` views of each of some pictures, which have ``names`` and ``captions``; those of a group are of one size."""

    names: tuple[str, ...]
    captions: tuple[str, ...]
    views: int
    groups: tuple[tuple[int, ...], ...]

    def view(self, picture: int, number: int) -> EncodedView:
        """A picture's view with this number."""


@dataclass(frozen=True, kw_only=True)
class Batch:
    """B drawn views. ``shares`` (B,) are each picture's weight in the loss.

    ``latents`` and ``noise`` (B, 4, h, w); ``masks`` (B, 1, h, w); ``masked`` (B, 4, h, w); ``timesteps`` (B,);
    ``words`` as ``diffusion.trainee`` encodes or tokenizes them; ``frames`` (B, 6), see ``View``. ``others`` are views of another
    size that belong to the same step; ``keys`` are of both.
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
    others: "Batch | None" = None


@dataclass(frozen=True, kw_only=True)
class Batches:
    """Draws the batches of a training: the garment's pictures and, with prior preservation, as many of the class."""

    instance: EncodedViews
    prior: EncodedViews | None
    words: Mapping[str, Words]
    tuning: Hyperparameters
    timesteps: int

    def __str__(self) -> str:
        return f"{len(self.instance.names)} pictures"

    def batches(self, processes: Processes, first: int) -> Iterator[Batch]:
        """This process's batches from step ``first`` on: processes take the batches of the whole run in turns."""
        return map(self.draw, processes.turns(first * self.tuning.gradient_accumulation_steps))

    def draw(self, number: int) -> Batch:
        """The batch with this number in the whole run, counted from 0, on the CPU."""
        own = self._from(self.instance, Purpose.STEP, number, 1.0)
        if self.prior is None:
            return own
        return _joined(own, self._from(self.prior, Purpose.PRIOR_STEP, number, self.tuning.prior_loss_weight))

    def _from(self, source: EncodedViews, purpose: Purpose, number: int, share: float) -> Batch:
        tuning, size = self.tuning, self.tuning.batch_size
        pictures = batch_of_one_group(tuning.seed, source.groups, number, size)
        chance = torch_generator(tuning.seed, purpose, number)
        views = torch.randint(source.views, (size,), generator=chance).tolist()
        drawn = [source.view(picture, view) for picture, view in zip(pictures, views, strict=True)]
        words = [self.words[source.captions[picture]] for picture in pictures]
        latents = torch.stack([each.latents for each in drawn])
        noise = torch.randn(latents.shape, generator=chance)
        timesteps = torch.randint(self.timesteps, (size,), generator=chance)
        if tuning.noise_offset:  # drawn last, so that all else is drawn as without
            noise = noise + tuning.noise_offset * torch.randn((*latents.shape[:2], 1, 1), generator=chance)
        return Batch(
            keys=tuple(source.names[picture] for picture in pictures),
            latents=latents,
            noise=noise,
            masks=torch.stack([each.mask for each in drawn]),
            masked=torch.stack([each.masked for each in drawn]),
            timesteps=timesteps,
            words={name: torch.stack([row[name] for row in words]) for name in words[0]},
            frames=torch.stack([each.frame for each in drawn]),
            shares=torch.full((size,), share / size),
        )


def _joined(first: Batch, second: Batch) -> Batch:
    if first.latents.shape[1:] != second.latents.shape[1:]:
        return replace(first, keys=first.keys + second.keys, others=second)
    own, others = vars(first), vars(second)
    tensors: dict[str, Any] = {
        name: torch.cat([own[name], others[name]]) for name in own if isinstance(own[name], Tensor)
    }
    words = {name: torch.cat([each, second.words[name]]) for name, each in first.words.items()}
    return Batch(keys=first.keys + second.keys, words=words, **tensors)

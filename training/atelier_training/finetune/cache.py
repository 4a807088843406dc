"""Views as latents, encoded once: the VAE is not trained, so it need not run at every step."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from atelier_training.engine.interruption import Interruption
from atelier_training.finetune.views import Frame, View
from diffusion.trainee import Trainee

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


def encode_views(family: Trainee, views: Iterable[View], *, views_each: int, interruption: Interruption) -> LatentCache:
    """Encode every view and its masked twin, as the inpainting pipeline does at sampling."""
    names: list[str] = []
    captions: list[str] = []
    frames: list[Frame] = []
    parts: list[tuple[Tensor, Tensor, Tensor]] = []
    waiting = iter(views)
    while chunk := list(islice(waiting, ENCODED_AT_ONCE)):
        interruption.check(f"encoding {chunk[0].name}")
        names += [view.name for view in chunk]
        captions += [view.caption for view in chunk]
        frames += [view.frame for view in chunk]
        parts.append(_encode(family, chunk))
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

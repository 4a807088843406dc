"""Has an autoencoder decode as many pictures at once as the GPU has room for: a batch that was denoised is not lost for want of memory."""

from collections.abc import Mapping
from typing import Any

import torch
from diffusers.models.autoencoders.vae import DecoderOutput
from torch import Tensor

from diffusion.fitting import RowsThatFit


def decode_what_fits(autoencoder: Any) -> None:
    """Have a diffusers autoencoder decode half of the rows, now and from now on, where there is no room for all of them.

    Raises torch.OutOfMemoryError, from ``decode``, where there is none for one.
    """
    autoencoder.decode = _Decoding(autoencoder)


class _Decoding:
    """An autoencoder's ``decode``."""

    def __init__(self, autoencoder: Any) -> None:
        self._autoencoder = autoencoder
        self._decode = autoencoder.decode
        self._dtype = autoencoder.dtype
        self._fitting = RowsThatFit("decoding")

    def __call__(self, latents: Tensor, return_dict: bool = True, **options: Any) -> DecoderOutput | tuple[Tensor]:
        pictures = self._decoded(latents, options)
        return DecoderOutput(sample=pictures) if return_dict else (pictures,)

    def _decoded(self, latents: Tensor, options: Mapping[str, Any]) -> Tensor:
        def work(start: int, stop: int) -> Tensor:
            part, own = _part(latents, options, start, stop)
            decoded: Tensor = self._decode(part, return_dict=False, **own)[0]
            return decoded

        try:
            return self._fitting.run((tuple(latents.shape[1:]), latents.dtype), latents.shape[0], work)
        except torch.OutOfMemoryError:
            # The pipelines that have it decode in single precision turn it back only where that succeeds.
            self._autoencoder.to(dtype=self._dtype)
            raise


def _part(latents: Tensor, options: Mapping[str, Any], start: int, stop: int) -> tuple[Tensor, Mapping[str, Any]]:
    """Some rows, with theirs of what has as many: autoencoders that see the picture around take it and its mask."""
    rows = latents.shape[0]
    own = {
        name: value[start:stop] if isinstance(value, Tensor | list) and len(value) == rows else value
        for name, value in options.items()
    }
    return latents[start:stop], own

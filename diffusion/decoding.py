"""Has an autoencoder decode as many pictures at once as the GPU has room for: a batch that was denoised is not lost for want of memory."""

import logging
from collections.abc import Hashable, Mapping
from typing import Any

import torch
from diffusers.models.autoencoders.vae import DecoderOutput
from torch import Tensor

log = logging.getLogger(__name__)


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
        self._most: dict[Hashable, int] = {}

    def __call__(self, latents: Tensor, return_dict: bool = True, **options: Any) -> DecoderOutput | tuple[Tensor]:
        pictures = self._decoded(latents, options)
        return DecoderOutput(sample=pictures) if return_dict else (pictures,)

    def _decoded(self, latents: Tensor, options: Mapping[str, Any]) -> Tensor:
        kind, rows = (tuple(latents.shape[1:]), latents.dtype), latents.shape[0]
        most = self._most.get(kind, rows)
        if rows > most:
            starts = range(0, rows, most)
            return torch.cat([self._decoded(*_part(latents, options, start, start + most)) for start in starts])
        try:
            decoded: Tensor = self._decode(latents, return_dict=False, **options)[0]
            return decoded
        except torch.OutOfMemoryError:
            if rows == 1:
                # The pipelines that have it decode in single precision turn it back only where that succeeds.
                self._autoencoder.to(dtype=self._dtype)
                raise
        self._most[kind] = rows // 2
        log.warning(
            "out of memory: fewer pictures decoded at once", extra={"fields": {"rows": rows, "from_now": rows // 2}}
        )
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        return self._decoded(latents, options)


def _part(latents: Tensor, options: Mapping[str, Any], start: int, stop: int) -> tuple[Tensor, Mapping[str, Any]]:
    """Some rows, with theirs of what has as many: autoencoders that see the picture around take it and its mask."""
    rows = latents.shape[0]
    own = {
        name: value[start:stop] if isinstance(value, Tensor | list) and len(value) == rows else value
        for name, value in options.items()
    }
    return latents[start:stop], own

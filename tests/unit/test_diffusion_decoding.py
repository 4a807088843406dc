"""diffusion.decoding: a batch whose pictures do not fit into memory together is decoded in parts."""

from typing import Any

import pytest
import torch
from diffusers.models.autoencoders.vae import DecoderOutput
from torch import Tensor

from diffusion.decoding import decode_what_fits


class Autoencoder:
    """Doubles latents, has room for ``most`` rows, and notes how many each call had, and the precision that it was left in."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.calls: list[int] = []
        self.dtype = torch.float16

    def to(self, *, dtype: torch.dtype) -> None:
        self.dtype = dtype

    def decode(self, latents: Tensor, return_dict: bool = True, **options: Any) -> tuple[Tensor]:
        self.calls.append(len(latents))
        assert not return_dict
        assert all(len(value) == len(latents) for value in options.values() if value is not None)
        if len(latents) > self.most:
            raise torch.OutOfMemoryError("no room")
        return (2 * latents,)


LATENTS = torch.arange(10.0).view(5, 2)


def test_all_rows_are_decoded_at_once_where_there_is_room() -> None:
    autoencoder = Autoencoder(most=5)
    decode_what_fits(autoencoder)
    assert torch.equal(autoencoder.decode(LATENTS, return_dict=False)[0], 2 * LATENTS)
    whole: Any = autoencoder.decode(LATENTS)
    assert isinstance(whole, DecoderOutput)
    assert torch.equal(whole.sample, 2 * LATENTS)
    assert autoencoder.calls == [5, 5]


def test_without_room_rows_are_decoded_in_parts_and_not_tried_whole_again() -> None:
    autoencoder = Autoencoder(most=2)
    decode_what_fits(autoencoder)
    around: dict[str, Any] = {"image": LATENTS, "generator": list("abcde"), "mask": None}
    for _ in range(2):
        assert torch.equal(autoencoder.decode(LATENTS, return_dict=False, **around)[0], 2 * LATENTS)
    assert autoencoder.calls == [5, 2, 2, 1, 2, 2, 1]


def test_what_has_no_room_alone_fails_and_leaves_the_precision_as_it_was() -> None:
    autoencoder = Autoencoder(most=0)
    decode_what_fits(autoencoder)
    autoencoder.to(dtype=torch.float32)
    with pytest.raises(torch.OutOfMemoryError):
        autoencoder.decode(LATENTS, return_dict=False)
    assert autoencoder.dtype == torch.float16

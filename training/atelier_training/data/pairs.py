"""What an upscaler learns from: parts of large pictures, each with the small version that is to be enlarged to it.

The small version is a person's own where there is one, and else made from the large one, as pictures come to be small: shrunk by
one of several filters, and half of the time saved as JPEG.
"""

import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from atelier_training.data.draws import Purpose, numpy_generator
from atelier_training.data.examples import ExampleFile
from atelier_training.data.pictures import read_small, require_large
from contracts.pictures import UPSCALING
from diffusion.upscaler import Upscaler
from imaging.pictures import decode, upright_size
from imaging.strips import Box

LEAST_CELLS = 8
"""Sides of small versions are multiples of it: a UNet halves them up to three times."""
_FILTERS = (Image.Resampling.BOX, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS)
_JPEG_SHARE, _JPEG_QUALITY = 0.5, (70, 96)


@dataclass(frozen=True, kw_only=True)
class Pair:
    """RGB levels: ``large`` (4 s, 4 s, 3) and ``small`` (s, s, 3), which shows the same."""

    large: NDArray[np.uint8]
    small: NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class EncodedPair:
    """On the CPU in float32: ``latents`` (c, s, s) of the large part, and the small one (3, s, s) in -1..1."""

    latents: Tensor
    small: Tensor


@dataclass(frozen=True, kw_only=True)
class PairCutter:
    """Cuts pairs whose small part has ``side`` pixels. ``small`` maps a picture's name to the small version that somebody gave.

    Every other part is a mirror image where they are ``flipped``.
    """

    files: Sequence[ExampleFile]
    small: Mapping[str, Path]
    side: int
    seed: int
    flipped: bool

    def __call__(self, picture: int, number: int) -> Pair:
        """A part of a picture, of that with this number. Raises UnreadablePictureError, and InvalidInputError for a pair that is none."""
        file = self.files[picture]
        large, own = decode(file.picture.read_bytes(), name=file.name), self.small.get(file.name)
        chance = numpy_generator(self.seed, Purpose.VIEWS, picture, number)
        x, y = (int(chance.integers(length // UPSCALING - self.side + 1)) for length in large.size)
        box = (x, y, x + self.side, y + self.side)
        part = large.crop(enlarged(box))
        whole = None if own is None else read_small(own, large.size, file.name)
        small = degraded(part, chance) if whole is None else whole.crop(box)
        turned = slice(None, None, -1 if self.flipped and number % 2 else 1)
        return Pair(
            large=np.ascontiguousarray(np.asarray(part)[:, turned]),
            small=np.ascontiguousarray(np.asarray(small)[:, turned]),
        )


def enlarged(box: Box) -> Box:
    """What of a large picture its small version shows in the box (left, top, right, bottom)."""
    left, top, right, bottom = (UPSCALING * each for each in box)
    return left, top, right, bottom


def degraded(large: Image.Image, chance: np.random.Generator) -> Image.Image:
    """A picture a quarter as wide and high, by a filter and with the marks of JPEG that ``chance`` draws."""
    size = (large.width // UPSCALING, large.height // UPSCALING)
    small = large.resize(size, _FILTERS[int(chance.integers(len(_FILTERS)))])
    if chance.random() >= _JPEG_SHARE:
        return small
    saved = io.BytesIO()
    small.save(saved, format="JPEG", quality=int(chance.integers(*_JPEG_QUALITY)))
    return Image.open(saved).convert("RGB")


def largest_side(files: Sequence[ExampleFile], resolution: int) -> int:
    """Pixels of the small parts: as many as the base model's tiles have, or as the smallest picture allows.

    Raises InvalidInputError where a picture is smaller than any part.
    """
    sides = {file.name: upright_size(file.picture.read_bytes(), name=file.name) for file in files}
    for name, size in sides.items():
        require_large(size, name)
    least = min(min(size) for size in sides.values())
    return min(resolution, least // UPSCALING) // LEAST_CELLS * LEAST_CELLS


def encode_pair(family: Upscaler, pair: Pair) -> EncodedPair:
    """A pair as the denoiser sees it."""
    large, small = (
        torch.from_numpy(levels.copy()).permute(2, 0, 1)[None].float() / 127.5 - 1
        for levels in (pair.large, pair.small)
    )
    return EncodedPair(latents=family.encode_pictures(large)[0], small=small[0])


def pairs_name(cutter: PairCutter, of: Sequence[str]) -> str:
    """A hash of all that pairs depend on: how they are cut, small versions, and ``of`` what they are encoded with."""
    digest = hashlib.sha256("\n".join([*of, str(cutter.side), str(cutter.seed), str(cutter.flipped)]).encode())
    for file in cutter.files:
        own = cutter.small.get(file.name)
        digest.update(f"\n{file.name} {'' if own is None else hashlib.sha256(own.read_bytes()).hexdigest()}".encode())
    return digest.hexdigest()[:16]

"""What the models made of a picture or of words is kept while there is room: a photo that is asked many times, as a catalogue's template
is, is encoded once.

Only one thread at a time may use it. What is kept is what the model itself made, so that an answer is the same, byte for byte, with and
without.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from typing import Any, TypeVar

import numpy as np
from PIL import Image
from torch import Tensor

from atelier_inference.measures import MEASURES
from diffusion.lora import Mix
from diffusion.painter import Painter
from imaging.segmenter import Outline, Segmenter

MOST_ENCODINGS = 64 * 2**20
"""Bytes of encodings, on the model's device: 512 photos at 512 pixels in half precision, 128 at 1,024."""
MOST_OUTLINES = 64 * 2**20
"""Bytes of outlines: 64 photos at 1,024 pixels."""

MOST_WORDS = 32 * 2**20
"""Bytes of encoded words, on the model's device: 280 texts of Stable Diffusion 1.x in half precision, 100 of XL."""

V = TypeVar("V")


class Remembered:
    """Values by key, the least recently used forgotten first, at most ``most`` bytes of them."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.size = 0
        self._values: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()

    def find(self, key: Hashable) -> Any:
        """The value of a key that is used now; None where it is not there."""
        if key not in self._values:
            return None
        self._values.move_to_end(key)
        return self._values[key][0]

    def get(self, key: Hashable, make: Callable[[], V], size_of: Callable[[V], int]) -> V:
        """The value of a key, made where it is not there; ``size_of`` says its bytes. What ``make`` raises is kept of nothing."""
        if key in self._values:
            MEASURES.count("CacheHits")
            found: V = self.find(key)
            return found
        MEASURES.count("CacheMisses")
        value = make()
        size = size_of(value)
        if size <= self.most:
            self._values[key] = value, size
            self.size += size
        while self.size > self.most:
            self.size -= self._values.popitem(last=False)[1][1]
        return value


def remember_encodings(autoencoder: Any, remembered: Remembered) -> None:
    """Have a diffusers autoencoder encode what is equal once; each request still draws from that distribution by its own seed."""
    encode = autoencoder.encode

    def encode_once(pixels: Any) -> Any:
        """``pixels`` are (rows, 3, height, width), from -1 to 1."""
        levels = pixels.detach().cpu().contiguous()
        key = tuple(levels.shape), str(pixels.dtype), str(pixels.device), digest(levels.numpy())
        return remembered.get(key, lambda: encode(pixels), _bytes_of)

    autoencoder.encode = encode_once


def remember_words(painter: Painter, remembered: Remembered) -> None:
    """Have a painter encode what is equal once, but for what adapters understand otherwise."""
    encode = painter.encoded

    def encode_once(words: str, mix: Mix) -> dict[str, Tensor]:
        return encode(words, mix) if mix else remembered.get(words, lambda: encode(words, mix), _bytes_of_all)

    painter.encoded = encode_once  # type: ignore[method-assign]


def _bytes_of_all(tensors: Mapping[str, Tensor]) -> int:
    return sum(each.nbytes for each in tensors.values())


def _bytes_of(encoded: Any) -> int:
    distribution = encoded.latent_dist
    # Beside the parameters, of which mean and logarithm are parts, it holds a deviation and a variance.
    return 2 * int(distribution.parameters.nbytes)


def remember_outlines(segmenter: Segmenter, remembered: Remembered) -> None:
    """Have a segmenter look for a thing once in pictures that are equal at the size that masks are made at."""
    find = segmenter.find

    def find_once(working: Image.Image, thing: str) -> Outline:
        key = working.size, digest(np.asarray(working)), thing
        return remembered.get(key, lambda: find(working, thing), _size_of)

    segmenter.find = find_once


def _size_of(outline: Outline) -> int:
    return int(outline.mask.nbytes)


def digest(values: Any) -> bytes:
    """What tells values (an array of any shape) from others."""
    return hashlib.sha256(np.ascontiguousarray(values).data).digest()

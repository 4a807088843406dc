"""What is kept of each picture while a model learns from it: the part that its views are cut from, at the scale that they need.

A photo of 12 megapixels takes a third of a second to decode and 57 MiB; its crop is read in milliseconds, and two of them are 10 MiB.
"""

import hashlib
import math
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from atelier_training.data.examples import Example, ExampleFile
from atelier_training.engine.processes import Processes
from imaging.framing import CONTEXT, scaled
from imaging.masks import Mask, bounds, from_image, grow, larger_side, to_image
from imaging.strips import Box

MOST_GROWTH = 0.08
"""Masks in use are looser than the garment by up to about this share of their larger side."""
BOX_MARGIN = 0.15
"""A box reaches beyond the garment by up to this share of the mask's larger side."""


@dataclass(frozen=True, kw_only=True)
class PictureCrop:
    """RGB levels (h, w, 3) and the mask (h, w) of a part of a picture, whose left upper corner is at (x, y) ``place``.

    ``size`` is (width, height) of the whole picture at this scale, ``photo`` of the photo as it was.
    """

    pixels: NDArray[np.uint8]
    mask: Mask
    place: tuple[int, int]
    size: tuple[int, int]
    photo: tuple[int, int]


def around_garment(example: Example, side: int) -> PictureCrop:
    """All that a view of ``side`` pixels around the garment may show, however loose its mask, at twice the view's scale or less."""
    picture, mask = _shrunk(example.picture, example.mask, side)
    left, top, right, bottom = _reach(mask, side)
    return PictureCrop(
        pixels=np.asarray(picture.crop((left, top, right, bottom))),
        mask=mask[top:bottom, left:right],
        place=(left, top),
        size=picture.size,
        photo=example.picture.size,
    )


def whole_picture(example: Example, side: int) -> PictureCrop:
    """All of a picture that is learnt whole, with a shorter side of at most twice a view's."""
    picture = example.picture
    scale = 2 * side / min(picture.size)
    if scale < 1:
        picture = picture.resize(scaled(picture.size, scale), Image.Resampling.LANCZOS)
    mask = np.ones((picture.height, picture.width), dtype=np.bool_)
    return PictureCrop(
        pixels=np.asarray(picture), mask=mask, place=(0, 0), size=picture.size, photo=example.picture.size
    )


class Crops:
    """The crops of some examples, by their number: each made when it is first wanted, by ``make``, and kept in ``folder``.

    The processes of a machine share the folder. Two that want a new crop at once both make it, and find the same.
    """

    def __init__(self, files: Sequence[ExampleFile], make: Callable[[Example], PictureCrop], folder: Path) -> None:
        self._files, self._make, self._folder = files, make, folder

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, index: int) -> PictureCrop:
        path = self._folder / f"{index:05d}.npz"
        if not path.is_file():
            self._folder.mkdir(parents=True, exist_ok=True)
            unfinished = path.with_suffix(f".{os.getpid()}.partial")
            with unfinished.open("wb") as file:
                np.savez(file, **asdict(self._make(self._files[index].read())))
            unfinished.replace(path)
        with np.load(path, allow_pickle=False) as kept:
            width, height = (int(value) for value in kept["size"])
            left, top = (int(value) for value in kept["place"])
            photo = (int(kept["photo"][0]), int(kept["photo"][1]))
            return PictureCrop(
                pixels=kept["pixels"], mask=kept["mask"], place=(left, top), size=(width, height), photo=photo
            )


def crops_folder(root: Path) -> Path:
    """Where this machine keeps the crops of the job in ``root``: one folder for all its processes."""
    name = hashlib.sha256(str(root.resolve()).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"atelier-crops-{name}"


@contextmanager
def lasting_no_longer(folder: Path, processes: Processes) -> Iterator[None]:
    """A folder of this machine's processes that is empty at first and gone in the end."""
    first = processes.local_rank == 0
    if first:
        shutil.rmtree(folder, ignore_errors=True)  # of a job that was killed
    processes.wait()
    try:
        yield
    finally:
        if first:
            shutil.rmtree(folder, ignore_errors=True)


def _shrunk(picture: Image.Image, mask: Mask, side: int) -> tuple[Image.Image, Mask]:
    """Shrink a photo whose crop would have more than twice the model's side: growing a mask of 12 megapixels is slow."""
    scale = 2 * side / (CONTEXT * larger_side(mask))
    if scale >= 1:
        return picture, mask
    size = scaled(picture.size, scale)
    smaller = _resized(mask, size)
    if not smaller.any():  # all of it is finer than a pixel
        smaller = _resized(grow(mask, math.ceil(1 / scale)), size)
    return picture.resize(size, Image.Resampling.LANCZOS), smaller


def _resized(mask: Mask, size: tuple[int, int]) -> Mask:
    return from_image(to_image(mask).resize(size, Image.Resampling.BOX))


def _reach(mask: Mask, side: int) -> Box:
    """A box that holds the crop around every mask which is looser than ``mask`` by what masks may be looser."""
    tight = bounds(mask) or (0, 0, mask.shape[1], mask.shape[0])
    margin = math.ceil(max(MOST_GROWTH, BOX_MARGIN) * larger_side(mask)) + 1
    spans = [
        (max(0, low - margin), min(limit, high + margin), low, high, limit)
        for low, high, limit in ((tight[0], tight[2], mask.shape[1]), (tight[1], tight[3], mask.shape[0]))
    ]
    longest = max(last - first for first, last, *_ in spans)
    widest = max(math.ceil(CONTEXT * longest), side)
    (left, right), (top, bottom) = (_span(*span, widest) for span in spans)
    return left, top, right, bottom


def _span(first: int, last: int, low: int, high: int, limit: int, widest: int) -> tuple[int, int]:
    """Where intervals of at most ``widest`` lie, centred from ``(first, high)`` to ``(low, last)``, then moved inside [0, limit)."""
    start, end = (first + high - widest) // 2 - 1, (low + last + widest) // 2 + 1
    if start <= 0:
        start, end = 0, max(end, widest)
    if end >= limit:
        start, end = max(0, min(start, limit - widest)), limit
    return start, end

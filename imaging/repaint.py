"""Repaints a masked part of a photo and pastes it back: outside the feathered mask not one byte changes.

crop around the mask -> the model's resolution -> paint, one row a seed -> dye, match the cloth that goes on outside -> the crop's own
size -> paste under the feathered mask.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from contracts.batching import ROWS
from contracts.errors import InvalidInputError
from contracts.sampling import Sampling
from imaging.dyeing import dyed
from imaging.framing import crop_box, square, square_mask, unsquared
from imaging.masks import Mask, feathered, from_image, is_soft, larger_side, to_image
from imaging.seam import matched
from imaging.strips import Box
from imaging.unrounded import rounded

BLUR = 0.02
"""Default feather over the mask's larger side."""

W = TypeVar("W")


class Inpainter(Protocol):
    """A model that paints inside masks (``diffusion.painter.Painter``)."""

    def inpaint(
        self,
        *,
        prompts: Sequence[str],
        seeds: Sequence[int],
        pictures: Sequence[Image.Image],
        masks: Sequence[Image.Image],
        sampling: Sampling,
        negative_prompts: Sequence[str],
        adapters: Sequence[Any],
        finish: Callable[[NDArray[np.float32]], Image.Image] | None = None,
    ) -> list[Image.Image]:
        """A picture a row, of the row's size, painted where its mask is white.

        ``finish`` makes it of shares of white (h, w, 3; 0 to 1); left out, they are just rounded to levels.
        """


@dataclass(frozen=True, kw_only=True)
class Repainting:
    """One RGB photo to repaint: white in ``mask`` (``L``, same size) is painted by ``prompt``, once a seed.

    ``blur`` is the feather's width in pixels of the photo; None is 2 % of the mask's larger side, at least 2. A soft mask, with levels
    between 0 and 255, has its own feather: by None nothing is added to it. ``colour`` (``#RRGGBB``) is what the garment is dyed; left
    out, it stays as it is painted.
    """

    picture: Image.Image
    mask: Image.Image
    prompt: str
    seeds: Sequence[int]
    negative_prompt: str = ""
    blur: float | None = None
    colour: str = ""


@dataclass(frozen=True, kw_only=True)
class Repainted:
    """The results of one repainting, in the order of its seeds, at the photo's own size.

    ``alpha`` (mode ``L``) is how much of each pixel is new, of 255: where it is 0, the photo's bytes are untouched.
    """

    images: list[Image.Image]
    alpha: Image.Image


@dataclass(frozen=True, kw_only=True)
class Frame:
    """What the model gets: ``picture`` and ``mask`` are squares of its resolution; ``box`` is where in ``photo`` its output goes.

    ``levels`` (h, w) is how much of each pixel of the photo becomes new, of 255. The mask itself is not kept: each copy of a large
    picture counts.
    """

    photo: Image.Image
    prompt: str
    negative_prompt: str
    seeds: Sequence[int]
    box: Box
    levels: NDArray[np.uint8]
    picture: Image.Image
    mask: Image.Image
    colour: str = ""

    @property
    def alpha(self) -> Image.Image:
        """``levels`` as a picture, mode ``L``."""
        return Image.fromarray(self.levels)


def repaint_all(
    painter: Inpainter,
    works: Sequence[Repainting],
    *,
    sampling: Sampling,
    resolution: int,
    adapters: Sequence[Any] = (),
) -> list[Repainted]:
    """Repaint several photos in shared batches. A seed gives the same picture, to rounding, whatever else is in the batch.

    ``adapters`` are each photo's, as the painter takes them; none where there are none.
    """
    frames = [frame(work, resolution) for work in works]
    painted = paint(painter, frames, sampling=sampling, adapters=adapters)
    return [
        Repainted(images=[paste(each, square) for square in squares], alpha=each.alpha)
        for each, squares in zip(frames, painted, strict=True)
    ]


def frame(work: Repainting, resolution: int) -> Frame:
    """Cut out what the model paints. Raises InvalidInputError for a mask that is empty or of another size."""
    if work.mask.size != work.picture.size:
        raise InvalidInputError("mask size", got=_size(work.mask), allowed=f"{_size(work.picture)}, the picture's own")
    soft = is_soft(np.asarray(work.mask))
    mask = work.mask if soft else to_image(from_image(work.mask))
    levels = _levels(work, soft=soft)
    # The crop holds all that changes, or its edge would show through a wide feather.
    box = crop_box(levels > 0, resolution=resolution)
    return Frame(
        photo=work.picture,
        prompt=work.prompt,
        negative_prompt=work.negative_prompt,
        seeds=work.seeds,
        box=box,
        levels=levels,
        colour=work.colour,
        picture=square(work.picture, box, resolution),
        mask=square(mask, box, resolution) if soft else to_image(square_mask(from_image(mask), box, resolution)),
    )


def _levels(work: Repainting, *, soft: bool) -> NDArray[np.uint8]:
    """How much of each pixel (h, w) becomes new, of 255; rounded up, so that 0 means untouched."""
    core = from_image(work.mask)
    if soft and work.blur is None:
        return np.asarray(work.mask)
    levels = feathered(core, default_blur(core) if work.blur is None else work.blur)
    return np.maximum(levels, np.asarray(work.mask), out=levels) if soft else levels


def paint(
    painter: Inpainter, frames: Sequence[Frame], *, sampling: Sampling, adapters: Sequence[Any] = ()
) -> list[list[Image.Image]]:
    """Paint the squares of frames of one resolution in shared batches, with each frame's adapters: for each, one square a seed."""

    def paint_rows(rows: Sequence[tuple[Frame, Any]], seeds: Sequence[int]) -> list[Image.Image]:
        return painter.inpaint(
            prompts=[each.prompt for each, _ in rows],
            negative_prompts=[each.negative_prompt for each, _ in rows],
            seeds=seeds,
            pictures=[each.picture for each, _ in rows],
            masks=[each.mask for each, _ in rows],
            sampling=sampling,
            adapters=[own for _, own in rows],
            finish=rounded if any(each.colour for each, _ in rows) else None,
        )

    works = list(zip(frames, adapters or [()] * len(frames), strict=True))
    return in_rows(works, [each.seeds for each in frames], paint_rows)


def rows_at_once(size: tuple[int, int], resolution: int) -> int:
    """How many pictures of a ``size`` (width, height) take no more memory than ROWS of a model's own resolution; at least one."""
    return max(1, min(ROWS, ROWS * resolution**2 // (size[0] * size[1])))


def in_rows(
    works: Sequence[W],
    seeds: Sequence[Sequence[int]],
    paint: Callable[[Sequence[W], Sequence[int]], list[Image.Image]],
    *,
    most: int = ROWS,
) -> list[list[Image.Image]]:
    """Paint a row for each of a work's ``seeds``, ``most`` of them at once: ``paint`` gets the rows' works and seeds."""
    rows = [(work, seed) for work, own in zip(works, seeds, strict=True) for seed in own]
    chunks = (zip(*rows[start : start + most], strict=True) for start in range(0, len(rows), most))
    painted = chain.from_iterable(paint(*chunk) for chunk in chunks)
    return [[next(painted) for _ in own] for own in seeds]


def paste(frame: Frame, painted: Image.Image, *, in_place: bool = False) -> Image.Image:
    """The photo with a painted square back in its place, under the feathered mask: a copy, or the photo itself ``in_place``."""
    if frame.colour:
        painted = dyed(painted, frame.mask, frame.colour)
    painted = matched(painted, frame.picture, frame.mask)
    result = frame.photo if in_place else frame.photo.copy()
    for new, (left, top, right, bottom) in unsquared(painted, frame.box):
        before = np.asarray(result.crop((left, top, right, bottom)), dtype=np.float32)
        alpha = frame.levels[top:bottom, left:right, None].astype(np.float32) / 255
        before += alpha * (np.asarray(new, dtype=np.float32) - before)
        result.paste(Image.fromarray(np.rint(before).astype(np.uint8)), (left, top))
    return result


def default_blur(mask: Mask) -> float:
    """The default width of the feather, in pixels."""
    return max(2.0, BLUR * larger_side(mask))


def _size(image: Image.Image) -> str:
    return f"{image.width}x{image.height} pixels"

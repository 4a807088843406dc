"""Repaints a masked part of a photo and pastes it back: outside the feathered mask not one byte changes.

crop around the mask -> the model's resolution -> paint, one row a seed -> the crop's own size -> paste under the feathered mask.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from contracts.errors import InvalidInputError
from imaging.framing import crop_box, square, unsquare
from imaging.masks import Box, Mask, feather, from_image, larger_side, to_image

BLUR = 0.02
"""Default feather over the mask's larger side."""
ROWS = 8
"""Pictures painted at once."""


class Painter(Protocol):
    """A diffusers inpainting pipeline, as far as it is used here."""

    def __call__(self, **arguments: Any) -> Any:
        """Return an object whose ``images`` are one picture a prompt."""


@dataclass(frozen=True, kw_only=True)
class Repainting:
    """One RGB photo to repaint: white in ``mask`` (same size) is painted by ``prompt``, once a seed.

    ``blur`` is the feather's width in pixels of the photo; None is 2 % of the mask's larger side, at least 2.
    """

    picture: Image.Image
    mask: Image.Image
    prompt: str
    seeds: Sequence[int]
    negative_prompt: str = ""
    blur: float | None = None


@dataclass(frozen=True, kw_only=True)
class Repainted:
    """The results of one repainting, in the order of its seeds, of the photo's own size.

    ``alpha`` (mode ``L``) is how much of each pixel is new, of 255: where it is 0, the photo's bytes are untouched.
    """

    images: list[Image.Image]
    alpha: Image.Image


class RefusedContentError(InvalidInputError):
    """The base model's own safety checker blanked a picture."""


@dataclass(frozen=True, kw_only=True)
class _Frame:
    """What the model gets of a repainting, and where its answer goes; ``levels`` (h, w) is the alpha of 0 to 255."""

    work: Repainting
    box: Box
    levels: NDArray[np.uint8]
    picture: Image.Image
    mask: Image.Image


def repaint(
    pipeline: Painter,
    picture: Image.Image,
    mask: Image.Image,
    *,
    prompt: str,
    steps: int,
    guidance: float,
    seeds: Sequence[int],
    resolution: int,
    negative_prompt: str = "",
    blur: float | None = None,
) -> list[Image.Image]:
    """``picture`` with what is white in ``mask`` painted anew by ``prompt``: one result a seed, of the picture's own size."""
    work = Repainting(
        picture=picture, mask=mask, prompt=prompt, seeds=seeds, negative_prompt=negative_prompt, blur=blur
    )
    return repaint_all(pipeline, [work], steps=steps, guidance=guidance, resolution=resolution)[0].images


def repaint_all(
    pipeline: Painter, works: Sequence[Repainting], *, steps: int, guidance: float, resolution: int
) -> list[Repainted]:
    """Repaint several photos in shared batches. A seed gives the same picture, to rounding, whatever else is in the batch."""
    frames = [_frame(work, resolution) for work in works]
    rows = [(frame, seed) for frame in frames for seed in frame.work.seeds]
    chunks = (rows[start : start + ROWS] for start in range(0, len(rows), ROWS))
    painted = chain.from_iterable(_paint(pipeline, chunk, steps, guidance, resolution) for chunk in chunks)
    return [
        Repainted(images=[_paste(frame, next(painted)) for _ in frame.work.seeds], alpha=Image.fromarray(frame.levels))
        for frame in frames
    ]


def default_blur(mask: Mask) -> float:
    """The feather's width in pixels where nobody chose one."""
    return max(2.0, BLUR * larger_side(mask))


def _frame(work: Repainting, resolution: int) -> _Frame:
    if work.mask.size != work.picture.size:
        raise InvalidInputError("mask size", got=_size(work.mask), allowed=f"{_size(work.picture)}, the picture's own")
    mask = from_image(work.mask)
    alpha = feather(mask, default_blur(mask) if work.blur is None else work.blur)
    # Rounded up, so that 0 means untouched; the crop holds all the rest, or its edge would show through a wide feather.
    levels = np.ceil(alpha * 255).astype(np.uint8)
    box = crop_box(levels > 0, resolution=resolution)
    return _Frame(
        work=work,
        box=box,
        levels=levels,
        picture=square(work.picture, box, resolution),
        mask=to_image(from_image(square(to_image(mask), box, resolution))),
    )


def _paint(
    pipeline: Painter, rows: Sequence[tuple[_Frame, int]], steps: int, guidance: float, resolution: int
) -> list[Image.Image]:
    # The photo is repeated a seed: given once, the pipeline would encode it with the first row's noise, and a
    # picture would depend on its neighbours in the batch.
    answer = pipeline(
        prompt=[frame.work.prompt for frame, _ in rows],
        negative_prompt=[frame.work.negative_prompt for frame, _ in rows],
        image=[frame.picture for frame, _ in rows],
        mask_image=[frame.mask for frame, _ in rows],
        generator=[torch.Generator("cpu").manual_seed(seed) for _, seed in rows],
        num_inference_steps=steps,
        guidance_scale=guidance,
        height=resolution,
        width=resolution,
        strength=1.0,
    )
    if any(getattr(answer, "nsfw_content_detected", None) or ()):
        raise RefusedContentError(
            "what was painted", got="a picture its safety checker blanked", allowed="another prompt or another seed"
        )
    return list(answer.images)


def _paste(frame: _Frame, painted: Image.Image) -> Image.Image:
    left, top, right, bottom = frame.box
    before = np.asarray(frame.work.picture.crop(frame.box), dtype=np.float32)
    after = np.asarray(unsquare(painted, frame.box), dtype=np.float32)
    alpha = frame.levels[top:bottom, left:right, None].astype(np.float32) / 255
    blended = np.rint(before + alpha * (after - before)).astype(np.uint8)
    result = frame.work.picture.copy()
    result.paste(Image.fromarray(blended), (left, top))
    return result


def _size(image: Image.Image) -> str:
    return f"{image.width}x{image.height} pixels"

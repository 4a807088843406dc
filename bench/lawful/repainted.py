"""Pictures that the tiny models repainted: a garment of a drawn figure each, in other words than what was drawn."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, islice
from typing import Any

import numpy as np
from PIL import Image

from atelier_inference.answering import make_answer
from atelier_inference.mode import Mode
from atelier_inference.modes import Modes
from bench.tiny_server import AT_ONCE, sent
from contracts.prediction import PredictionInput
from contracts.safety.refusal import NeverPaintedError
from imaging.masks import to_image
from models.tiny.make.figures import Drawing, draw
from models.tiny.make.palette import COLOURS
from models.tiny.make.wardrobe import Garment, random_outfit

SIZES = ((384, 512), (448, 448), (512, 640), (600, 800))
"""Widths and heights of the photos, in pixels."""
SMALL_SIZES = ((192, 256), (256, 320))
PATTERNS = ("plain", "striped", "checked", "dotted")


@dataclass(frozen=True, kw_only=True)
class RepaintedPicture:
    """A repainted picture, its soft mask (``L``), and how many pixels of the photo the garment had."""

    picture: Image.Image
    alpha: Image.Image
    area: int


def repainted(
    modes: Modes, number: int, seed: int, sizes: tuple[tuple[int, int], ...], areas: range
) -> Iterator[RepaintedPicture]:
    """Repaint ``number`` garments whose pixels are in ``areas``, by mode inpaint with its defaults.

    What the gate refuses leaves nobody, and is not among them.
    """
    return islice(_painted(modes["inpaint"], _work(seed, sizes, areas)), number)


def _painted(mode: Mode[Any], work: Iterator[tuple[Drawing, Garment]]) -> Iterator[RepaintedPicture]:
    for place in count(step=AT_ONCE):
        some = list(islice(work, AT_ONCE))
        jobs = [mode.prepare(_request(*each, place + number)) for number, each in enumerate(some)]
        for (drawing, garment), job, finish in zip(some, jobs, mode.run(jobs), strict=True):
            try:
                answer = make_answer(job, finish, "bench")
            except NeverPaintedError:
                continue
            yield RepaintedPicture(
                picture=_opened(answer.pictures[0]).convert("RGB"),
                alpha=_opened(answer.mask),
                area=int(np.count_nonzero(drawing.labels == garment.label)),
            )


def figures(seed: int, sizes: tuple[tuple[int, int], ...]) -> Iterator[Drawing]:
    """Drawn figures without end, in sizes that take turns."""
    for place in count():
        rng = np.random.default_rng((seed, place))
        yield draw(random_outfit(rng), rng, sizes[place % len(sizes)])


def _work(seed: int, sizes: tuple[tuple[int, int], ...], areas: range) -> Iterator[tuple[Drawing, Garment]]:
    for drawing in figures(seed, sizes):
        for garment in drawing.outfit.garments:
            # A range looks for numpy's integers one by one.
            if int(np.count_nonzero(drawing.labels == garment.label)) in areas:
                yield drawing, garment


def _request(drawing: Drawing, garment: Garment, place: int) -> PredictionInput:
    colour, pattern = list(COLOURS)[place % len(COLOURS)], PATTERNS[place // len(COLOURS) % len(PATTERNS)]
    body = {
        "mode": "inpaint",
        "image": sent(drawing.image),
        "mask": sent(to_image(np.asarray(drawing.labels == garment.label))),
        "prompt": f"a photo of a {pattern} {colour} {garment.kind}",
        "return_mask": True,
        "seed": place,
    }
    return PredictionInput.from_json(body)


def _opened(file: bytes) -> Image.Image:
    return Image.open(io.BytesIO(file))

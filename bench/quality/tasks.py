"""What is painted to judge a setting by, each with its own scores: 0 to 1 and more is better, but where a unit is named."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import ClassVar

import numpy as np
from PIL import Image

from contracts.sampling import Sampling
from imaging.masks import from_image, to_image
from imaging.palette import dominant_colours, garment_pixels, palette_share
from imaging.repaint import Inpainter, Repainting, repaint_all
from imaging.segmenter import Segmenter
from models.tiny.make.captions import outfit_caption
from models.tiny.make.sample import INSTANCE_PROMPT
from models.tiny.make.score.held_out import RESOLUTION, SCORE_SEED, crop, repaint_requests, spoken
from models.tiny.make.score.painting import GROWTH, psnr_outside
from models.tiny.make.score.patterns import PatternClassifier, dominant_colour
from models.tiny.make.score.portraits import FigureClassifier, drawings, wears
from models.tiny.make.score.styles import real_garment, skirt_photos

ROWS = 8
"""Pictures painted at once."""
SEEDS_APART = 100_000


class QualityTask(ABC):
    """Pictures to paint with one setting after the other."""

    name: ClassVar[str]
    count: int

    @abstractmethod
    def paint(self, sampling: Sampling, seed: int) -> list[Image.Image]:
        """The pictures, of which row i draws from its own seed; another ``seed`` gives other noise to all."""

    @abstractmethod
    def score(self, painted: Sequence[Image.Image]) -> Mapping[str, float]:
        """How good they are."""


class Garments(QualityTask):
    """Garments of held-out figures repainted in another colour and pattern, as a prompt says.

    ``psnr_outside`` is in dB, of what lies outside the mask before it is pasted back.
    """

    name: ClassVar[str] = "garments"

    def __init__(self, painter: Inpainter, count: int) -> None:
        requests = list(repaint_requests(count, stream=2))
        self.count = count
        self._painter = painter
        self._crops = [crop(drawing, worn, growth=GROWTH) for drawing, worn, _ in requests]
        self._wanted = [wanted for _, _, wanted in requests]
        self._classify = PatternClassifier()

    def paint(self, sampling: Sampling, seed: int) -> list[Image.Image]:
        """See QualityTask."""
        return _inpaint(
            self._painter,
            [spoken(each) for each in self._wanted],
            [(each.picture, to_image(each.mask)) for each in self._crops],
            sampling,
            seed,
        )

    def score(self, painted: Sequence[Image.Image]) -> Mapping[str, float]:
        """See QualityTask."""
        masks = [each.mask for each in self._crops]
        colours = [dominant_colour(picture, mask) for picture, mask in zip(painted, masks, strict=True)]
        patterns = self._classify(list(painted), masks)
        outside = [psnr_outside(before, after) for before, after in zip(self._crops, painted, strict=True)]
        return {
            "colour_obeyed": _share(c == each.colour for c, each in zip(colours, self._wanted, strict=True)),
            "pattern_obeyed": _share(p == each.pattern for p, each in zip(patterns, self._wanted, strict=True)),
            "psnr_outside": float(np.mean(outside)),
        }


class StyledSkirts(QualityTask):
    """Skirts of drawn photos in a style that was learnt from the sample: how much of a skirt has the garment's colours."""

    name: ClassVar[str] = "style"

    def __init__(self, painter: Inpainter, count: int) -> None:
        self.count = count
        self._painter = painter
        self._photos = skirt_photos(count)
        real = real_garment()
        self._colours = dominant_colours(real)
        self._real = palette_share(real, self._colours)

    def paint(self, sampling: Sampling, seed: int) -> list[Image.Image]:
        """See QualityTask."""
        works = [
            Repainting(picture=each.picture, mask=each.mask, prompt=INSTANCE_PROMPT, seeds=(SEEDS_APART * seed + row,))
            for row, each in enumerate(self._photos)
        ]
        done = repaint_all(self._painter, works, sampling=sampling, resolution=RESOLUTION)
        return [each.images[0] for each in done]

    def score(self, painted: Sequence[Image.Image]) -> Mapping[str, float]:
        """See QualityTask."""
        skirts = [garment_pixels(p, from_image(each.mask)) for p, each in zip(painted, self._photos, strict=True)]
        return {"garment_share": palette_share(np.concatenate(skirts), self._colours) / self._real}


class Figures(QualityTask):
    """Whole figures painted from words alone: how many are one well-formed figure in every garment that is named."""

    name: ClassVar[str] = "text_to_image"

    def __init__(self, painter: Inpainter, segmenter: Path, count: int) -> None:
        rng = np.random.default_rng((SCORE_SEED, 4))
        self.count = count
        self._painter = painter
        self._segmenter = Segmenter.load(segmenter)
        self._outfits = [outfit for _, outfit in drawings(count, stream=4)]
        self._words = [outfit_caption(outfit, rng) for outfit in self._outfits]
        self._classify = FigureClassifier()

    def paint(self, sampling: Sampling, seed: int) -> list[Image.Image]:
        """See QualityTask."""
        side = (RESOLUTION, RESOLUTION)
        blank = Image.new("RGB", side), Image.new("L", side, 255)
        return _inpaint(self._painter, self._words, [blank] * self.count, sampling, seed)

    def score(self, painted: Sequence[Image.Image]) -> Mapping[str, float]:
        """See QualityTask."""
        rows = zip(self._classify(painted), painted, self._outfits, strict=True)
        return {
            "text_to_image": _share(formed and wears(self._segmenter, each, outfit) for formed, each, outfit in rows)
        }


def _inpaint(
    painter: Inpainter,
    prompts: Sequence[str],
    works: Sequence[tuple[Image.Image, Image.Image]],
    sampling: Sampling,
    seed: int,
) -> list[Image.Image]:
    rows = iter(enumerate(zip(prompts, works, strict=True)))
    painted: list[Image.Image] = []
    while some := list(islice(rows, ROWS)):
        painted += painter.inpaint(
            prompts=[prompt for _, (prompt, _) in some],
            seeds=[SEEDS_APART * seed + row for row, _ in some],
            pictures=[picture for _, (_, (picture, _)) in some],
            masks=[mask for _, (_, (_, mask)) in some],
            negative_prompts=[""] * len(some),
            adapters=(),
            sampling=sampling,
        )
    return painted


def _share(hits: object) -> float:
    return float(np.mean(list(hits)))  # type: ignore[call-overload]

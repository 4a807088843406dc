"""Masks a garment from words: a CLIPSeg model, and the steps from its probabilities to a clean mask."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage
from transformers import AutoTokenizer, CLIPSegForImageSegmentation

from contracts.errors import InvalidInputError
from imaging import masks
from imaging.edges import snap
from imaging.framing import crop_box, scaled, square
from imaging.masks import Mask, fill_holes, from_image, larger_side, largest_components, to_image

Probability = NDArray[np.float32]

THRESHOLD = 0.5
"""Probability that some part must reach: below it there is no garment."""
OUTLINE = 0.4
"""Probability down to which the mask reaches around such a part. Overlap with the true parts of 40 drawn figures: 0.93 at 0.35, 0.94 at
0.4, 0.95 at 0.5; the lower side of that, because a rim of the old garment shows and a rim of the room does not."""
SECOND_LOOK = 2.0
"""Side of the second look's crop over the larger side of what the first look found."""
COMPONENT_SHARE = 0.2
"""A part of the mask smaller than this share of the largest part is a speck."""
HOLE_SHARE = 0.05
SMALLEST_AREA = 0.002
"""Share of the picture below which a mask is noise."""
GROWTH = 0.02
"""Default growth over the mask's larger side: the model's masks are a little tight, and a rim of the old garment shows."""
WORKING_SIDE = 1_024
"""Masks are made at this size at most: the model sees a few hundred pixels, so a larger photo holds nothing more."""


class GarmentNotFoundError(InvalidInputError):
    """Nothing in the picture is what the words describe."""

    def __init__(self, target: str, *, score: float, threshold: float, where: str = "the picture") -> None:
        self.target = target
        self.score = score
        self.threshold = threshold
        super().__init__(
            f"garment {target!r} in {where}",
            got=f"best probability {score:.2f}",
            allowed=f"a picture that shows it (at least {threshold:.2f}), other words, or a mask of your own",
        )


@dataclass(frozen=True, kw_only=True)
class GarmentMask:
    """The mask of a garment: ``mask`` is mode ``L`` at the picture's size, white on the garment, grown as requested.

    ``score`` is the mean probability (0 to 1) inside the mask before growing; ``area`` is that mask's share of the picture (0 to 1).
    """

    mask: Image.Image
    score: float
    area: float


class Segmenter:
    """A loaded CLIPSeg model, of the published size or of the tiny family."""

    def __init__(self, model: Any, tokenizer: Any, *, side: int, mean: Sequence[float], std: Sequence[float]) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._side = side
        self._mean = np.asarray(mean, dtype=np.float32)
        self._std = np.asarray(std, dtype=np.float32)

    @classmethod
    def load(cls, folder: Path, device: str = "cpu") -> "Segmenter":
        """Read a model folder: ``config.json``, safetensors, the tokenizer's files and ``preprocessor_config.json``."""
        model: Any = CLIPSegForImageSegmentation.from_pretrained(folder, local_files_only=True, dtype=torch.float32)
        model.eval().to(device)
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        settings = json.loads((folder / "preprocessor_config.json").read_text(encoding="utf-8"))
        return cls(
            model,
            tokenizer,
            side=_side(settings["size"]),
            mean=settings["image_mean"],
            std=settings["image_std"],
        )

    def mask(self, picture: Image.Image, target: str, *, grow: int | None = None) -> GarmentMask:
        """Mask ``target`` (a few words) in an RGB picture.

        ``grow`` is in pixels of the picture, negative to shrink; None is 2 % of the mask's larger side. Raises GarmentNotFoundError.
        """
        working = picture.resize(
            scaled(picture.size, min(1.0, WORKING_SIDE / max(picture.size))), Image.Resampling.BICUBIC
        )
        first = self.probability(working, target)
        near = _outlined(first)
        if near.mean() < SMALLEST_AREA:
            raise GarmentNotFoundError(target, score=float(first.max()), threshold=THRESHOLD)
        probability = self._look_closer(working, target, first, near)
        outline = _outlined(probability)
        if outline.mean() < SMALLEST_AREA:
            # The second look found nothing: use the first, which saw the whole figure.
            outline, probability = near, first
        score, area = float(probability[outline].mean()), float(outline.mean())
        full = from_image(to_image(outline).resize(picture.size, Image.Resampling.BILINEAR))
        pixels = round(GROWTH * larger_side(full)) if grow is None else grow
        return GarmentMask(mask=to_image(masks.grow(full, pixels)), score=score, area=area)

    def probability(self, picture: Image.Image, target: str) -> Probability:
        """The probability (0 to 1) that each pixel of an RGB picture (h, w) shows ``target``, in one forward pass."""
        width, height = picture.size
        longest = max(picture.size)
        logits = self._logits(square(picture, (0, 0, width, height), self._side), target)
        resized = Image.fromarray(logits).resize((longest, longest), Image.Resampling.BILINEAR)
        left, top = (longest - width) // 2, (longest - height) // 2
        part = np.asarray(resized.crop((left, top, left + width, top + height)))
        return np.asarray(1 / (1 + np.exp(-part)), dtype=np.float32)

    def _look_closer(self, picture: Image.Image, target: str, first: Probability, near: Mask) -> Probability:
        """The mean of the first look and of a second one at the part around what it found, at the picture's edges; 0 elsewhere.

        The second look sees more of the outline but less of the figure, so it only refines the outline. If it could also refuse, then
        on drawn figures 0.99 instead of 0.97 of the absent garments would be refused, but also one skirt in 20 of a cloth never seen
        in training.
        """
        left, top, right, bottom = box = crop_box(near, resolution=self._side // 2, context=SECOND_LOOK)
        part = picture.crop(box)
        closer = np.zeros_like(first)
        mean = (first[top:bottom, left:right] + self.probability(part, target)) / 2
        closer[top:bottom, left:right] = snap(mean, part)
        return closer

    @torch.inference_mode()
    def _logits(self, picture: Image.Image, target: str) -> NDArray[np.float32]:
        """(side, side) logits of one square picture of the model's own size."""
        levels = (np.asarray(picture, dtype=np.float32) / 255 - self._mean) / self._std
        longest = self._model.config.text_config.max_position_embeddings
        words = self._tokenizer([target], truncation=True, max_length=longest, return_tensors="pt")
        device = self._model.device
        answer = self._model(
            pixel_values=torch.from_numpy(levels).permute(2, 0, 1)[None].to(device),
            input_ids=words["input_ids"].to(device),
            attention_mask=words["attention_mask"].to(device),
        )
        return np.asarray(answer.logits.float().reshape(self._side, self._side).cpu().numpy())


def _side(size: int | dict[str, int]) -> int:
    return size if isinstance(size, int) else int(next(iter(size.values())))


def _outlined(probability: Probability) -> Mask:
    """The clean mask of the parts that reach THRESHOLD somewhere, out to OUTLINE around them; empty where none does."""
    labels, count = ndimage.label(probability >= OUTLINE, structure=np.ones((3, 3)))
    sure = np.zeros(count + 1, dtype=bool)
    sure[np.unique(labels[probability >= THRESHOLD])] = True
    mask = largest_components(sure[labels], share=COMPONENT_SHARE)
    return fill_holes(mask, share=HOLE_SHARE)

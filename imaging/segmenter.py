"""Masks a garment from words: a CLIPSeg model, and the steps from its probabilities to a clean mask."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage
from transformers import AutoTokenizer, CLIPSegForImageSegmentation

from contracts import garments
from contracts.errors import InvalidInputError
from imaging import masks
from imaging.edges import snap
from imaging.framing import crop_box, scaled, square
from imaging.masks import Mask, fill_holes, from_image, larger_side, largest_components, to_image

Probability = NDArray[np.float32]
Size = tuple[int, int]
"""Width and height, in pixels."""

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

    def __init__(
        self,
        target: str,
        *,
        score: float,
        threshold: float,
        where: str = "the picture",
        known: Sequence[str] = (),
        unknown: bool = False,
    ) -> None:
        """``known`` are garments that the segmenter has words for; ``unknown`` says that it has none for the target."""
        self.target = target
        self.score = score
        self.threshold = threshold
        other = f"other words ({', '.join(known)}, …)" if known else "other words"
        super().__init__(
            f"garment {target!r} in {where}",
            got="words that the segmenter was not taught" if unknown else f"best probability {score:.2f}",
            allowed=f"a picture that shows it (at least {threshold:.2f}), {other}, or a mask of your own",
        )


@dataclass(frozen=True, kw_only=True)
class GarmentMask:
    """The mask of a garment: ``mask`` is mode ``L`` at the picture's size, white on the garment, grown as requested.

    ``score`` is the mean probability (0 to 1) inside the mask before growing; ``area`` is that mask's share of the picture (0 to 1).
    """

    mask: Image.Image
    score: float
    area: float

    @property
    def metrics(self) -> dict[str, float]:
        """``mask_score`` and ``mask_area``, as answers have them."""
        return {"mask_score": round(self.score, 4), "mask_area": round(self.area, 4)}


@dataclass(frozen=True, kw_only=True)
class Outline:
    """A clean mask (h, w) at working size and the mean probability in it."""

    mask: Mask
    score: float


class Segmenter:
    """A loaded CLIPSeg model, of the published size or of the tiny family."""

    def __init__(self, model: Any, tokenizer: Any, *, side: int, mean: Sequence[float], std: Sequence[float]) -> None:
        self._model = model
        self.tokenizer = tokenizer
        self.side = side
        """Of the square pictures that the model sees, in pixels."""
        self._mean = np.asarray(mean, dtype=np.float32)
        self._std = np.asarray(std, dtype=np.float32)
        self.find: Callable[[Image.Image, str], Outline] = self._outline
        """Where a thing is in a picture of working size. Raises GarmentNotFoundError."""

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
        """Mask ``target`` in an RGB picture: a few words in English, or a garment's name in Korean; of several things, all of them.

        ``grow`` is in pixels of the picture, negative to shrink; None is 2 % of the mask's larger side. Raises GarmentNotFoundError,
        naming the thing that is not there, and InvalidInputError for words in other scripts.
        """
        things = self._things(target)
        working = picture.resize(
            scaled(picture.size, min(1.0, WORKING_SIDE / max(picture.size))), Image.Resampling.BICUBIC
        )
        outlines = [self.find(working, thing) for thing in things]
        outline = np.logical_or.reduce([each.mask for each in outlines])
        areas = [float(each.mask.mean()) for each in outlines]
        score = sum(each.score * area for each, area in zip(outlines, areas, strict=True)) / sum(areas)
        area = float(outline.mean())
        full = from_image(to_image(outline).resize(picture.size, Image.Resampling.BILINEAR))
        pixels = round(GROWTH * larger_side(full)) if grow is None else grow
        return GarmentMask(mask=to_image(masks.grow(full, pixels)), score=score, area=area)

    @property
    def longest(self) -> int:
        """Tokens of a thing's words that the model sees, start and end among them."""
        return int(self._model.config.text_config.max_position_embeddings)

    def things(self, target: str) -> list[str]:
        """What ``target`` names, in English, each masked for itself."""
        return garments.parts(garments.english(target))

    @cached_property
    def known_garments(self) -> tuple[str, ...]:
        """The garments that the model has words for; none where it spells every word, so that words say nothing."""
        return tuple(word for word in garments.GARMENTS if self._knows(word))

    def knows(self, thing: str) -> bool:
        """Whether the model has a word for a garment, ``a skirt``."""
        nouns = garments.content(thing)
        return not self.known_garments or any(self._knows(noun) for noun in nouns)

    def probability(self, picture: Image.Image, target: str) -> Probability:
        """The probability (0 to 1) that each pixel of an RGB picture (h, w) shows ``target``, in one forward pass."""
        left, top, width, height = _place(picture.size)
        (logits,) = self._logits(self.squared(picture), [target])
        resized = Image.fromarray(logits).resize(2 * (max(picture.size),), Image.Resampling.BILINEAR)
        return _probability(resized.crop((left, top, left + width, top + height)))

    def squared(self, picture: Image.Image) -> Image.Image:
        """What the model sees of an RGB picture: all of it, in a square of the model's own size."""
        return square(picture, (0, 0, *picture.size), self.side)

    def any_of(
        self, squared: Image.Image, groups: Sequence[Sequence[str]], *, shape: Size, size: Size
    ) -> list[Probability]:
        """For each group of targets, the probability that each part of a ``squared`` picture shows any of them.

        ``shape`` is the picture's own size before it was squared, ``size`` how many parts of it are told (width, height). The picture,
        which takes more than half of a pass, is encoded once.
        """
        left, top, width, height = (self.side * part / max(shape) for part in _place(shape))
        box = left, top, left + width, top + height
        each = (Image.fromarray(logits) for logits in self._logits(squared, list(chain.from_iterable(groups))))
        found = (_probability(one.resize(size, Image.Resampling.BILINEAR, box=box)) for one in each)
        return [np.asarray(np.max(list(islice(found, len(group))), axis=0)) for group in groups]

    def _things(self, target: str) -> list[str]:
        """What ``target`` names. Raises GarmentNotFoundError for things of which the model has no word."""
        if problems := list(garments.unusable_words("words to mask", target)):
            raise InvalidInputError.of(problems)
        for thing in self.things(target):
            if garments.content(thing) and not self.knows(thing):
                raise self._not_found(thing, score=0.0, unknown=True)
        return self.things(target)

    def _knows(self, word: str) -> bool:
        """Whether the tokenizer has a word in few pieces: one that no training text had falls into letters."""
        return len(self.tokenizer([word], add_special_tokens=False)["input_ids"][0]) <= max(1, len(word) / 2)

    def _not_found(self, thing: str, *, score: float, unknown: bool = False) -> GarmentNotFoundError:
        return GarmentNotFoundError(thing, score=score, threshold=THRESHOLD, known=self.known_garments, unknown=unknown)

    def _outline(self, working: Image.Image, thing: str) -> Outline:
        first = self.probability(working, thing)
        near = _outlined(first)
        if near.mean() < SMALLEST_AREA:
            raise self._not_found(thing, score=float(first.max()))
        probability = self._look_closer(working, thing, first, near)
        outline = _outlined(probability)
        if outline.mean() < SMALLEST_AREA:
            # The second look found nothing: use the first, which saw the whole figure.
            outline, probability = near, first
        return Outline(mask=outline, score=float(probability[outline].mean()))

    def _look_closer(self, picture: Image.Image, target: str, first: Probability, near: Mask) -> Probability:
        """The mean of the first look and of a second one at the part around what it found, at the picture's edges; 0 elsewhere.

        The second look sees more of the outline but less of the figure, so it only refines the outline. If it could also refuse, then
        on drawn figures 0.99 instead of 0.97 of the absent garments would be refused, but also one skirt in 20 of a cloth never seen
        in training.
        """
        left, top, right, bottom = box = crop_box(near, resolution=self.side // 2, context=SECOND_LOOK)
        part = picture.crop(box)
        closer = np.zeros_like(first)
        mean = (first[top:bottom, left:right] + self.probability(part, target)) / 2
        closer[top:bottom, left:right] = snap(mean, part)
        return closer

    @property
    def clip(self) -> Any:
        """The CLIP model inside, whose encoders see pictures and words."""
        return self._model.clip

    @property
    def grey(self) -> tuple[int, int, int]:
        """The colour (RGB) that means nothing to the model: 0 once it is normalized."""
        red, green, blue = (round(255 * float(level)) for level in self._mean)
        return red, green, blue

    def normalized(self, picture: Image.Image) -> NDArray[np.float32]:
        """An RGB picture of the model's own size as the model takes it, (3, side, side)."""
        levels = (np.asarray(picture, dtype=np.float32) / 255 - self._mean) / self._std
        return np.asarray(levels.transpose(2, 0, 1))

    def tokens(self, texts: Sequence[str]) -> Any:
        """Words as the model takes them: ``input_ids`` and ``attention_mask``, (n, tokens)."""
        return self.tokenizer(list(texts), padding=True, truncation=True, max_length=self.longest, return_tensors="pt")

    @torch.inference_mode()
    def _logits(self, picture: Image.Image, targets: Sequence[str]) -> NDArray[np.float32]:
        """(targets, side, side) logits of one square picture of the model's own size."""
        words = self.tokens(targets)
        model, count = self._model, len(targets)
        pixels = torch.from_numpy(self.normalized(picture))[None].to(model.device)
        # As CLIPSegForImageSegmentation.forward does, which encodes the picture anew for each target.
        states = model.clip.get_image_features(pixel_values=pixels, output_hidden_states=True).hidden_states
        activations = [states[layer + 1].expand(count, -1, -1) for layer in model.extract_layers]
        asked = {name: words[name].to(model.device) for name in ("input_ids", "attention_mask")}
        embeddings = model.get_conditional_embeddings(batch_size=count, **asked)
        logits = model.decoder(activations, embeddings).logits
        return np.asarray(logits.float().reshape(count, self.side, self.side).cpu().numpy())


def _place(shape: Size) -> tuple[int, int, int, int]:
    """Where a picture lies in the square around it: left, top, width and height, in its own pixels."""
    (width, height), longest = shape, max(shape)
    return (longest - width) // 2, (longest - height) // 2, width, height


def _probability(logits: Image.Image) -> Probability:
    return np.asarray(1 / (1 + np.exp(-np.asarray(logits))), dtype=np.float32)


def _side(size: int | dict[str, int]) -> int:
    return size if isinstance(size, int) else int(next(iter(size.values())))


def _outlined(probability: Probability) -> Mask:
    """The clean mask of the parts that reach THRESHOLD somewhere, out to OUTLINE around them; empty where none does."""
    labels, count = ndimage.label(probability >= OUTLINE, structure=np.ones((3, 3)))
    sure = np.zeros(count + 1, dtype=bool)
    sure[np.unique(labels[probability >= THRESHOLD])] = True
    mask = largest_components(sure[labels], share=COMPONENT_SHARE)
    return fill_holes(mask, share=HOLE_SHARE)

"""Sentences about whole pictures, by a model that was trained to write them (BLIP: Li et al. 2022, arXiv:2201.12086)."""

import json
import re
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from transformers import AutoTokenizer, BlipForConditionalGeneration

from contracts.garments import content
from imaging.captioning import PLACES

MOST_TOKENS = 40
"""That one picture may take: published captions have about ten words."""
MOST_WORDS = 24
_JOINTS = re.compile(r"\s*(,|\band\b|\bwith\b|\bwearing\b|\bin\b|\bholding\b)\s*")
"""What the parts of a sentence are joined by, of which one may name the garment that is learnt."""
_LISTED = (",", "and")
_NOISE = re.compile(r"\baraf\w*|[^a-z0-9' ,-]")
"""What no sentence has: signs, and a word that BLIP learnt from broken texts of the web (``arafed woman``)."""
_OPENING = re.compile(r"^(?:there (?:is|are)|this is|it's)\s+")


class Captioner:
    """A loaded BLIP model."""

    def __init__(self, model: Any, tokenizer: Any, *, side: int, mean: Sequence[float], std: Sequence[float]) -> None:
        self._model, self._tokenizer, self._side = model, tokenizer, side
        self._mean, self._std = (np.asarray(each, dtype=np.float32) for each in (mean, std))

    @classmethod
    def load(cls, folder: Path, device: str = "cpu") -> "Captioner":
        """Read a model folder: ``config.json``, safetensors, the tokenizer's files and ``preprocessor_config.json``."""
        model: Any = BlipForConditionalGeneration.from_pretrained(
            folder, local_files_only=True, use_safetensors=True, dtype=torch.float32
        )
        model.eval().to(device)
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        settings = json.loads((folder / "preprocessor_config.json").read_text(encoding="utf-8"))
        side = settings["size"]["height"]
        return cls(model, tokenizer, side=side, mean=settings["image_mean"], std=settings["image_std"])

    @torch.inference_mode()
    def describe(self, picture: Image.Image) -> str:
        """What an RGB picture shows: at most ``MOST_WORDS`` words in small letters, on one line; the same each time."""
        small = picture.resize((self._side, self._side), Image.Resampling.BICUBIC)
        levels = (np.asarray(small, dtype=np.float32) / 255 - self._mean) / self._std
        pixels = torch.from_numpy(levels).permute(2, 0, 1)[None].to(self._model.device)
        tokens = self._model.generate(pixel_values=pixels, max_new_tokens=MOST_TOKENS, do_sample=False, num_beams=1)
        return tidy(self._tokenizer.decode(tokens[0], skip_special_tokens=True))


def tidy(text: str) -> str:
    """What a model wrote as words of a caption: small letters, no signs but commas, and no more than ``MOST_WORDS``."""
    plain = _OPENING.sub("", " ".join(_NOISE.sub(" ", text.lower()).split()))
    return " ".join(plain.replace(" ,", ",").split()[:MOST_WORDS]).strip(" ,-'")


def described(prompt: str, sentence: str, words: str) -> str:
    """A caption: the prompt, and what a sentence says of the rest of the picture; the prompt alone where that is nothing.

    Parts of the sentence are left out that name what ``words`` name, or another garment of its place: a model lays what a caption names to
    those words, and the garment that is learnt must be laid to the prompt.
    """
    rest = without(sentence, words)
    return f"{prompt}, {rest}" if rest else prompt


def without(sentence: str, words: str) -> str:
    """The sentence without its parts about the garment that ``words`` name: ``a woman wearing a white shirt``, without the skirt."""
    names = {*content(words)}
    places = [place for place in PLACES if names.intersection(place)]
    # What is worn between neck and feet is half a dress, or all of one.
    names |= {*chain.from_iterable(places), *(("dress",) if places else ())}
    first, *more = _JOINTS.split(sentence)
    kept = "" if _names(first, names) else first
    link = ""
    for joint, part in zip(more[::2], more[1::2], strict=True):
        # After ``wearing a skirt`` was left out, ``and a shirt`` is what is worn.
        link = link if link and joint in _LISTED else joint
        if part and not _names(part, names):
            kept += f"{'' if link == ',' else ' '}{link} {part}" if kept else part
            link = ""
    return kept.strip(" ,")


def _names(part: str, names: set[str]) -> bool:
    return any(word in names or word.removesuffix("s") in names for word in content(part))

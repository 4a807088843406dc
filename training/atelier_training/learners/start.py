"""What each kind of model starts from in a job: the parts of a base model, or nothing but its tokenizer and autoencoder."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from atelier_training.data.shards import ShardFolder
from atelier_training.learners import segmenter, unet, upscaler, vae
from atelier_training.learners.pretraining import ShardLearner
from atelier_training.learners.text import Words
from atelier_training.learners.unet_parts import begin
from contracts.errors import InvalidInputError
from contracts.pretrain_hyperparameters import PretrainHyperparameters

_TOKENIZER_FILES = ("tokenizer_config.json", "tokenizer.json", "vocab.json", "merges.txt", "special_tokens_map.json")


@dataclass(frozen=True, kw_only=True)
class Start:
    """What a training starts from: the folder of a `base` model in diffusers or transformers layout, and the data.

    `scratch` is an empty folder that stays until the model is exported.
    """

    data: ShardFolder
    base: Path | None
    tuned: PretrainHyperparameters
    scratch: Path

    @property
    def weights(self) -> Path | None:
        """The base model, where training continues from its weights."""
        return None if self.tuned.from_nothing else self.base

    def part(self, name: str) -> Path:
        """A part of the base model that is used as it is. Raises InvalidInputError where there is none."""
        if self.base is None:
            raise InvalidInputError("channel base", got="none", allowed=f"a base model: its {name} is needed")
        if not (self.base / name).exists():
            raise InvalidInputError(f"channel base: {name}", got="no such part", allowed="a base model that has one")
        return self.base / name


def make_learner(start: Start) -> ShardLearner[Any]:
    """The learner of the kind of model that the hyperparameters name. Raises InvalidInputError where the base model lacks what it needs."""
    return _KINDS[start.tuned.model](start)


def _unet(start: Start) -> ShardLearner[Any]:
    tokenizer = start.part("tokenizer")
    parts = begin(tokenizer.parent, from_nothing=start.tuned.from_nothing, seed=start.tuned.seed)
    return unet.PaintingLearner(parts, tokenizer, start.tuned)


def _vae(start: Start) -> ShardLearner[Any]:
    weights = None if start.weights is None else start.part("vae")
    return vae.AutoencoderLearner(vae.begin(start.data, weights, start.tuned.seed))


def _segmenter(start: Start) -> ShardLearner[Any]:
    # Here the tokenizer lies beside the weights, and what is in its folder is exported with it.
    base = start.part("tokenizer_config.json").parent
    tokenizer = start.scratch / "tokenizer"
    tokenizer.mkdir()
    for name in _TOKENIZER_FILES:
        if (base / name).is_file():
            shutil.copyfile(base / name, tokenizer / name)
    words = Words(tokenizer, segmenter.POSITIONS)
    model = segmenter.begin(words, start.weights, start.tuned.seed)
    return segmenter.SegmentingLearner(start.data.vocabulary, model, words, tokenizer)


def _upscaler(start: Start) -> ShardLearner[Any]:
    tokenizer = start.part("tokenizer")
    parts = upscaler.begin(start.data, tokenizer, start.weights, start.tuned.seed)
    return upscaler.UpscalingLearner(parts, tokenizer)


_KINDS: dict[str, Callable[[Start], ShardLearner[Any]]] = {
    "unet": _unet,
    "vae": _vae,
    "segmenter": _segmenter,
    "upscaler": _upscaler,
}

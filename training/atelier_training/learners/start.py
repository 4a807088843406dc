"""What each kind of model starts from in a job: the parts of a base model, or nothing but its tokenizer and autoencoder."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from atelier_training.data.shards import ShardFolder
from atelier_training.engine.loop import Learner
from atelier_training.engine.settings import TrainSettings
from atelier_training.learners import segmenter, unet, upscaler, vae
from atelier_training.learners.text import Words
from atelier_training.learners.unet_parts import begin_from_base
from contracts.errors import InvalidInputError

_TOKENIZER_FILES = ("tokenizer_config.json", "tokenizer.json", "vocab.json", "merges.txt", "special_tokens_map.json")


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where a model's weights come from: the folder of a `base` model in diffusers or transformers layout, and the data.

    `scratch` is an empty folder that stays until the model is exported.
    """

    data: ShardFolder
    base: Path | None
    from_nothing: bool
    settings: TrainSettings
    scratch: Path

    @property
    def start(self) -> Path | None:
        """The base model, where its weights are to be gone on from."""
        return None if self.from_nothing else self.base

    def part(self, name: str) -> Path:
        """A part of the base model that is used as it is. Raises InvalidInputError where there is none."""
        if self.base is None:
            raise InvalidInputError("channel base", got="none", allowed=f"a base model: its {name} is needed")
        if not (self.base / name).exists():
            raise InvalidInputError(f"channel base: {name}", got="no such part", allowed="a base model that has one")
        return self.base / name


def make_learner(kind: str, origin: Origin) -> Learner[Any]:
    """The learner of a kind of model. Raises InvalidInputError where the base model lacks what it needs."""
    return _KINDS[kind](origin)


def _unet(origin: Origin) -> Learner[Any]:
    tokenizer = origin.part("tokenizer")
    parts = begin_from_base(tokenizer.parent, from_nothing=origin.from_nothing, seed=origin.settings.seed)
    return unet.PaintingLearner(parts, tokenizer, origin.settings)


def _vae(origin: Origin) -> Learner[Any]:
    start = None if origin.start is None else origin.part("vae")
    return vae.AutoencoderLearner(vae.begin(origin.data, start, origin.settings.seed))


def _segmenter(origin: Origin) -> Learner[Any]:
    # Here the tokenizer lies beside the weights, and what is in its folder is exported with it.
    base = origin.part("tokenizer_config.json").parent
    tokenizer = origin.scratch / "tokenizer"
    tokenizer.mkdir()
    for name in _TOKENIZER_FILES:
        if (base / name).is_file():
            shutil.copyfile(base / name, tokenizer / name)
    words = Words(tokenizer, segmenter.POSITIONS)
    model = segmenter.begin(words, origin.start, origin.settings.seed)
    return segmenter.SegmentingLearner(origin.data.vocabulary, model, words, tokenizer)


def _upscaler(origin: Origin) -> Learner[Any]:
    tokenizer = origin.part("tokenizer")
    parts = upscaler.begin(origin.data, tokenizer, origin.start, origin.settings.seed)
    return upscaler.UpscalingLearner(parts, tokenizer)


_KINDS: dict[str, Callable[[Origin], Learner[Any]]] = {
    "unet": _unet,
    "vae": _vae,
    "segmenter": _segmenter,
    "upscaler": _upscaler,
}

"""A CLIPSeg that masks what a prompt names, and masks nothing where that is absent.

The vision may first learn pixel classes alone (pixel_classes.py); then the whole model learns to answer prompts.
"""

import copy
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import CLIPSegForImageSegmentation

from atelier_training.data.questions import Question, ask
from atelier_training.data.sampling import Drawn
from atelier_training.learners.pixel_classes import (
    MEAN,
    STD,
    LabelledViews,
    PixelClassLearner,
    label_entropy,
    labelled_views,
)
from atelier_training.learners.segmenter_model import SIDE, LabelHead, answer, look, segmenter
from atelier_training.learners.text import Words, load_in_single_precision
from contracts.corpus import Vocabulary

POSITIONS = 16

_PROMPTS_EACH = 2
_DICE_WEIGHT = 0.3
_BALANCED_AREA, _MOST_WEIGHT = 0.15, 12.0
_LABEL_WEIGHT = 1.0


@dataclass(frozen=True, kw_only=True)
class Questions(LabelledViews):
    """Views with k prompts each (n, k, tokens) and the masks (n, k, r, r) of 0..1 that answer them."""

    prompts: Tensor
    answers: Tensor


class SegmentingLearner:
    """Learns masks from words, helped by a head that learns the class of every pixel."""

    def __init__(
        self,
        vocabulary: Vocabulary,
        model: CLIPSegForImageSegmentation,
        words: Words,
        tokenizer: Path,
    ) -> None:
        self._vocabulary, self._model, self._words, self._tokenizer = vocabulary, model, words, tokenizer
        self._head = LabelHead(len(vocabulary.labels))
        # CLIP compares pictures with words by these; the decoder does not use them, and processes that train together
        # wait for the gradient of whatever requires one.
        unused: Any = (model.clip.visual_projection, model.clip.vision_model.post_layernorm, model.clip.logit_scale)
        for part in unused:
            part.requires_grad_(False)
        self.trained = nn.ModuleDict({"model": model.train(), "head": self._head})

    def vision(self) -> PixelClassLearner:
        """The learner of a first stage: the same vision and head learn the class of every pixel alone."""
        return PixelClassLearner(len(self._vocabulary.labels), self._model, self._head)

    def batch(self, drawn: Sequence[Drawn]) -> Questions:
        """Vary the scenes and ask each for things that are there and things that are not."""
        views = labelled_views(drawn, len(self._vocabulary.labels))
        questions = [
            [ask(one.sample, present(cover), self._vocabulary, one.rng) for _ in range(_PROMPTS_EACH)]
            for one, cover in zip(drawn, views.coverage, strict=True)
        ]
        prompts = self._words([question.prompt for each in questions for question in each])
        return Questions(
            **vars(views),
            prompts=prompts.view(len(drawn), _PROMPTS_EACH, -1),
            answers=torch.stack([answered(c, q) for c, q in zip(views.coverage, questions, strict=True)]),
        )

    def losses(self, batch: Questions) -> Tensor:
        """Cross entropy and dice of the prompted masks, and cross entropy of the helping head's classes."""
        activations = look(self._model, batch.pixels)
        logits = answer(self._model, activations, batch.prompts).float()
        masks = balanced_entropy(logits, batch.answers) + _DICE_WEIGHT * dice_loss(logits.sigmoid(), batch.answers)
        labelled = label_entropy(self._head(activations[-1][:, 1:]), batch.coverage)
        return masks.mean(1) + _LABEL_WEIGHT * labelled

    def export(self, folder: Path) -> None:
        """Write CLIPSeg with half-precision weights, its tokenizer and its processor's settings."""
        model: Any = copy.deepcopy(self._model).half().eval()
        model.save_pretrained(folder)
        shutil.copytree(self._tokenizer, folder, dirs_exist_ok=True)
        load_in_single_precision(folder / "config.json")
        (folder / "preprocessor_config.json").write_text(json.dumps(_PROCESSOR, indent=2) + "\n")


def present(coverage: Tensor) -> frozenset[int]:
    """Return the labels that cover at least one pixel in all, from coverage (labels, r, r)."""
    return frozenset(torch.nonzero(coverage.sum((1, 2)) >= 1).flatten().tolist())


def answered(coverage: Tensor, questions: list[Question]) -> Tensor:
    """Return the masks (k, r, r) in 0..1 that answer k questions about one picture's coverage (labels, r, r)."""
    return torch.stack([coverage[list(question.labels)].sum(0) for question in questions])


def balanced_entropy(logits: Tensor, truth: Tensor) -> Tensor:
    """Return the cross entropy of each mask over the last two dimensions, small things' pixels weighing more.

    Unbalanced, the easiest answer to a question about shoes is "nowhere", and training would not leave it.
    """
    weight = (_BALANCED_AREA / truth.mean((-2, -1), keepdim=True).clamp(min=1e-4)).clamp(1, _MOST_WEIGHT)
    entropy = functional.binary_cross_entropy_with_logits(logits, truth, reduction="none")
    return (entropy * (1 + (weight - 1) * truth)).mean((-2, -1))


def dice_loss(shares: Tensor, truth: Tensor) -> Tensor:
    """Return 1 - dice of each mask over the last two dimensions; a pixel is added so that empty answers are smooth."""
    overlap = 2 * (shares * truth).sum((-2, -1)) + 1
    return 1 - overlap / (shares.sum((-2, -1)) + truth.sum((-2, -1)) + 1)


_PROCESSOR = {
    "image_processor_type": "ViTImageProcessor",
    "processor_class": "CLIPSegProcessor",
    "size": {"height": SIDE, "width": SIDE},
    "resample": 3,
    "do_resize": True,
    "do_rescale": True,
    "do_normalize": True,
    "rescale_factor": 1 / 255,
    "image_mean": MEAN,
    "image_std": STD,
}


def begin(words: Words, start: Path | None, seed: int) -> CLIPSegForImageSegmentation:
    """Load exported weights to continue from, or build a new model."""
    torch.manual_seed(seed)
    if start is not None:
        return CLIPSegForImageSegmentation.from_pretrained(start, dtype=torch.float32)
    return segmenter(words, positions=POSITIONS)

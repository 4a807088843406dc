"""What is tried: one training with few steps, and the same with one thing changed, each with several seeds."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from models.catalogue import find

BASE = "tiny-inpaint"
STEPS = 60
"""Fewer than the catalogue's own 110: enough to learn the garment, and few enough that differences show."""
SEEDS = (0, 1, 2)


@dataclass(frozen=True, kw_only=True)
class Tried:
    """One way to train: ``tuning`` overrides the catalogue's LoRA settings, the rest says what is learnt from.

    ``masks``: the garment's true ones, random boxes and ellipses, or what the segmenter finds. ``captions``: all by the instance
    prompt, one without the style's own word, or one that also names what is worn above.
    """

    tuning: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    pictures: int = 12
    masks: Literal["true", "random", "words"] = "true"
    captions: Literal["prompt", "no own word", "worn besides"] = "prompt"

    def settings(self, seed: int) -> dict[str, Any]:
        """What the job is asked for, beside its words."""
        return {**find(BASE).training["lora"], "max_steps": STEPS, **self.tuning, "seed": seed}

    def key(self, seed: int) -> str:
        """All that a result depends on, in words: a changed base model or default is another training."""
        learnt_from = {"pictures": self.pictures, "masks": self.masks, "captions": self.captions}
        told = {**learnt_from, **self.settings(seed)}
        return f"{find(BASE).reference}: " + ", ".join(f"{name}={value}" for name, value in sorted(told.items()))


TRIED: Mapping[str, Tried] = {
    "as it is": Tried(),
    "prior preserved": Tried(tuning={"with_prior_preservation": True}),
    "random masks": Tried(masks="random"),
    "learning rate 0.0004": Tried(tuning={"learning_rate": 4e-4}),
    "learning rate 0.04": Tried(tuning={"learning_rate": 4e-2}),
    "rank 1": Tried(tuning={"lora_rank": 1}),
    "rank 64": Tried(tuning={"lora_rank": 64}),
    "4 pictures": Tried(pictures=4),
    "24 pictures": Tried(pictures=24),
    "15 steps": Tried(tuning={"max_steps": 15}),
    "160 steps": Tried(tuning={"max_steps": 160}),
    "no own word": Tried(captions="no own word"),
    "worn besides": Tried(captions="worn besides"),
    "masks from words": Tried(masks="words"),
    "learning rate 0.0012": Tried(tuning={"learning_rate": 1.2e-3}),
    "rank 4": Tried(tuning={"lora_rank": 4}),
    "prior of 10 pictures": Tried(tuning={"with_prior_preservation": True, "num_class_images": 10}),
}
"""By the name that figures and pages use; in the order in which they are measured."""


def asked() -> Iterator[tuple[str, int]]:
    """Every training, all ways with one seed before the next seed."""
    return ((name, seed) for seed in SEEDS for name in TRIED)

"""The families of base models and what can be trained of each. A new family is one line here and one file in ``diffusion/``."""

from collections.abc import Mapping
from dataclasses import dataclass

from contracts.execution import METHODS, Task

UPSCALER = "upscaler"
"""The family that makes pictures larger, and paints none from words."""

PAINTING_TASKS: tuple[Task, ...] = ("inpaint", "text-to-image")


@dataclass(frozen=True, kw_only=True)
class FamilyFacts:
    """What jobs can do with a family's base models: Prepare refuses the rest before anything is paid.

    ``tasks`` and ``methods`` are those of fine-tuning; ``pretrains`` are the models (``contracts.pretraining.MODELS``)
    that a pretraining can start from such a base.
    """

    tasks: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    trains_text_encoder: bool = False
    pretrains: tuple[str, ...] = ()


FAMILIES: Mapping[str, FamilyFacts] = {
    "sd1": FamilyFacts(tasks=PAINTING_TASKS, methods=METHODS, trains_text_encoder=True, pretrains=("unet", "vae")),
    "sd2": FamilyFacts(tasks=PAINTING_TASKS, methods=METHODS, trains_text_encoder=True, pretrains=("unet", "vae")),
    "sdxl": FamilyFacts(tasks=PAINTING_TASKS, methods=METHODS, trains_text_encoder=True, pretrains=("vae",)),
    "upscaler": FamilyFacts(tasks=("upscale",), methods=METHODS, pretrains=("upscaler",)),
}
"""Diffusion models. ``diffusion.family.find_family`` imports the module of a family's name."""

SEGMENTERS: Mapping[str, FamilyFacts] = {"clipseg": FamilyFacts(pretrains=("segmenter",))}

CAPTIONERS: Mapping[str, FamilyFacts] = {"blip": FamilyFacts()}
"""Models that say in words what a picture shows."""


def pretrainable(model: str) -> tuple[str, ...]:
    """The families of base models that a pretraining of ``model`` can start from."""
    return tuple(name for name, facts in {**FAMILIES, **SEGMENTERS}.items() if model in facts.pretrains)

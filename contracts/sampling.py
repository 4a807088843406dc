"""How pictures are denoised: what a base model's manifest says of it, and what a request may choose otherwise."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

STEPS, GUIDANCE = 50, 7.5
"""The diffusers pipelines' own defaults, where a base model's manifest has none."""


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """The sampler's ``steps``, and the scale of its ``guidance`` by the words: 1 and less is none."""

    steps: int
    guidance: float

    @classmethod
    def of(cls, defaults: Mapping[str, float]) -> Self:
        """What a base model paints with where nobody chooses otherwise, by the ``defaults`` of its manifest."""
        return cls(
            steps=int(defaults.get("num_inference_steps", STEPS)),
            guidance=float(defaults.get("guidance_scale", GUIDANCE)),
        )

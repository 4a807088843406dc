"""How pictures are denoised: what a base model's manifest says of it, and what a request may choose otherwise."""

import math
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, Self

from contracts.declarations import about, bounds
from contracts.model import Contract

STEPS, GUIDANCE = 50, 7.5
"""The diffusers pipelines' own defaults, where a base model's manifest has none."""
MOST_STEPS = 500
MOST_GUIDANCE = 50

SchedulerName = Literal["ddim", "dpm++2m", "euler", "unipc"]
"""Samplers, by their usual names; ``diffusion.schedulers`` has their classes."""


class SamplingDefaults(Contract):
    """What a base model's manifest says of how it is sampled. What is left out is as its pipeline has it."""

    document: ClassVar[str] = "defaults"

    num_inference_steps: Annotated[int | None, bounds(1, MOST_STEPS, f"denoising steps; left out: {STEPS}")] = None
    guidance_scale: Annotated[
        float | None, bounds(0, MOST_GUIDANCE, f"how closely to follow the prompt; left out: {GUIDANCE}")
    ] = None
    scheduler: Annotated[SchedulerName | None, about("the sampler; left out: the one among the model's files")] = None
    guidance_until: Annotated[
        float | None, bounds(0, 1, "share of the steps, from the first, that are guided; left out: 1, all")
    ] = None


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """The sampler's ``steps``, and the scale of its ``guidance`` by the words: 1 and less is none.

    ``scheduler`` is the sampler, or empty for the model's own; of the steps that are walked, the share ``guidance_until`` (0 to 1) is
    guided, from the first.
    """

    steps: int
    guidance: float
    scheduler: SchedulerName | Literal[""] = ""
    guidance_until: float = 1.0

    @classmethod
    def of(cls, defaults: SamplingDefaults) -> Self:
        """What a base model paints with where nobody chooses otherwise, by the ``defaults`` of its manifest."""
        return cls(
            steps=defaults.num_inference_steps or STEPS,
            guidance=GUIDANCE if defaults.guidance_scale is None else defaults.guidance_scale,
            scheduler=defaults.scheduler or "",
            guidance_until=1.0 if defaults.guidance_until is None else defaults.guidance_until,
        )


def guided_steps(steps: int, guidance_until: float) -> int:
    """How many of ``steps`` are guided: a begun one is, and none only by 0. The tolerance is that of products of floats."""
    return min(steps, math.ceil(steps * guidance_until - 1e-6))

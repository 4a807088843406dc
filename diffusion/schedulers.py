"""Samplers by name, made anew for each call, whose state they keep, from what the model's own scheduler says of its noise."""

import copy
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import diffusers

SCHEDULERS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    # Song et al. 2021, arXiv:2010.02502. Its class clips by default, which latents must not be.
    "ddim": ("DDIMScheduler", {"clip_sample": False}),
    # Lu et al. 2023, arXiv:2211.01095: of second order, which its authors recommend where there is guidance.
    "dpm++2m": ("DPMSolverMultistepScheduler", {"algorithm_type": "dpmsolver++", "solver_order": 2}),
    # Karras et al. 2022, arXiv:2206.00364, algorithm 1.
    "euler": ("EulerDiscreteScheduler", {}),
    # Zhao et al. 2023, arXiv:2302.04867.
    "unipc": ("UniPCMultistepScheduler", {"solver_order": 2}),
}
"""The diffusers class of each name in ``contracts.sampling.SchedulerName``, and what it is told besides."""


def make_scheduler(own: Any, name: str) -> Any:
    """The sampler called ``name`` for a model whose own scheduler is ``own``; a fresh one of its own kind where ``name`` is empty.

    A copy of one that is made once: diffusers takes five times as long to read a configuration.
    """
    return copy.deepcopy(_made(own, name))


@lru_cache(maxsize=32)
def _made(own: Any, name: str) -> Any:
    kind, told = SCHEDULERS[name] if name else (type(own).__name__, {})
    return getattr(diffusers, kind).from_config(own.config, **told)

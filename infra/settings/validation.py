"""Refuses invalid settings, and says what was set, what it got and what is allowed."""

import re

from contracts.machines import runs_our_images
from contracts.spelling import spelled

MOST_RUN_SECONDS = 5 * 24 * 3600
"""Five days, SageMaker's own limit for a training job."""


def check(good: bool, what: str, *, got: object, allowed: str) -> None:
    """Raises ValueError unless ``good``."""
    if not good:
        raise ValueError(f"{what}: got {spelled(got)}; allowed: {allowed}")


def check_range(what: str, got: float, least: float, most: float | None = None, unit: str = "") -> None:
    """Raises ValueError unless ``least <= got <= most``; without ``most`` there is no upper bound."""
    allowed = f"at least {least} {unit}" if most is None else f"{least} to {most} {unit}"
    check(least <= got and (most is None or got <= most), what, got=got, allowed=allowed.strip())


def check_text(what: str, got: str, pattern: str, allowed: str) -> None:
    """Raises ValueError unless the whole text matches."""
    check(re.fullmatch(pattern, got) is not None, what, got=got, allowed=allowed)


def check_instance_type(what: str, value: str) -> None:
    """Raises ValueError for anything but the name of an ML instance type that runs the images."""
    check_text(what, value, r"ml\.[a-z0-9-]+\.[a-z0-9]+", "an ML instance type such as ml.m5.xlarge")
    allowed = "an x86 type (ml.c…, ml.m…, ml.r…, ml.t…) or one with NVIDIA GPUs of CUDA 13 (ml.g4dn and newer, ml.p4d and newer)"
    check(runs_our_images(value), what, got=value, allowed=allowed)

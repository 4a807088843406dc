"""Refuses invalid settings, and says what was set, what it got and what is allowed."""

import re

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

"""Refuses invalid settings, and says what was set, what it got and what is allowed."""

import re

MOST_RUN_SECONDS = 5 * 24 * 3600
"""Five days, SageMaker's own limit for a training job."""

_INSTANCE_TYPE = r"ml\.[a-z0-9]+\.[a-z0-9]+"


def check(good: bool, what: str, *, got: object, allowed: str) -> None:
    """Raises ValueError unless ``good``."""
    if not good:
        raise ValueError(f"{what}: got {got!r}; allowed: {allowed}")


def check_instance_type(what: str, value: str) -> None:
    """Raises ValueError for anything but an ML instance type's name."""
    check(
        bool(re.fullmatch(_INSTANCE_TYPE, value)), what, got=value, allowed="an ML instance type such as ml.m5.xlarge"
    )

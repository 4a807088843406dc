"""Which values of its hyperparameters each trial of a tuning job gets."""

import math
import random
from collections.abc import Callable, Mapping
from itertools import product
from typing import Any

from local.errors import validation_error
from local.sagemaker.store import Record

_WIDE = 100
"""Where a range's ends differ by as much, `Auto` takes their logarithms: so many orders of magnitude are not meant linearly."""

_KINDS = {"IntegerParameterRanges": int, "ContinuousParameterRanges": float}


def trial_values(config: Record, number: int, *, seed: str) -> dict[str, str]:
    """The hyperparameters, as strings, of trial `number`, counted from 1: the same each time it is asked.

    Values are drawn at random, by a Bayesian strategy too: what that would learn from earlier trials is SageMaker's own.
    Raises ServiceError for a range that is none.
    """
    ranges = config.get("ParameterRanges", {})
    if config["Strategy"] == "Grid":
        return _cell(ranges, number)
    drawn = random.Random(f"{config.get('RandomSeed', seed)} {number}")  # noqa: S311  a seeded draw, not a secret
    values: dict[str, str] = {}
    for kind, read in _KINDS.items():
        for one in ranges.get(kind, []):
            low, high = _ends(one, read)
            value = _scaled(low, high, one.get("ScalingType", "Auto"), drawn.random(), whole=read is int)
            values[one["Name"]] = str(value)
    for one in ranges.get("CategoricalParameterRanges", []):
        values[one["Name"]] = str(drawn.choice(one["Values"]))
    return values


def cells(ranges: Mapping[str, Any]) -> int:
    """How many trials a grid has."""
    return math.prod(len(one["Values"]) for one in ranges.get("CategoricalParameterRanges", []))


def _cell(ranges: Mapping[str, Any], number: int) -> dict[str, str]:
    axes = ranges.get("CategoricalParameterRanges", [])
    chosen = list(product(*(one["Values"] for one in axes)))[number - 1]
    return {one["Name"]: str(value) for one, value in zip(axes, chosen, strict=True)}


def _ends(one: Record, read: Callable[[str], float]) -> tuple[float, float]:
    try:
        low, high = read(one["MinValue"]), read(one["MaxValue"])
    except ValueError as error:
        raise validation_error(f"The range of {one['Name']} is not made of numbers: {error}") from error
    if not low <= high:
        raise validation_error(f"The minimum of the range of {one['Name']}, {low}, is above its maximum, {high}.")
    return low, high


def _scaled(low: float, high: float, scaling: str, share: float, *, whole: bool) -> int | float:
    """The value that lies `share` of the way from `low` to `high`."""
    if scaling == "Auto":
        scaling = "Logarithmic" if low > 0 and high / low >= _WIDE else "Linear"
    if whole:
        high += 1 - 1e-9  # each whole number has the same part of the range
    if scaling == "Logarithmic":
        value = low * (high / low) ** share
    elif scaling == "ReverseLogarithmic":
        value = 1 - (1 - low) * ((1 - high) / (1 - low)) ** share
    else:
        value = low + (high - low) * share
    return math.floor(value) if whole else float(value)

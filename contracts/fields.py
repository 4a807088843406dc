"""Strict reading of JSON objects: every value has one type and a range, and an unknown key is an error.

JSON numbers are not coerced: ``"512"``, ``512.0`` and ``true`` are not integers.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from contracts.errors import InvalidInputError

Check = Callable[[str, Any], Any]


def only_keys(where: str, data: object, allowed: Iterable[str], required: Iterable[str] = ()) -> Mapping[str, Any]:
    """Return ``data`` as a mapping after checking that it is an object with no unknown and no missing key."""
    if not isinstance(data, Mapping):
        raise InvalidInputError(where, got=data, allowed="a JSON object")
    names = sorted(allowed)
    for key in data:
        if key not in names:
            raise InvalidInputError(f"{where}: unknown key", got=key, allowed=", ".join(names))
    for key in required:
        if key not in data:
            raise InvalidInputError(f"{where}: missing key {key!r}", got=sorted(data), allowed=f"{key} is required")
    return data


def text(*, longest: int, pattern: str | None = None, meaning: str = "text") -> Check:
    """A non-empty string of at most ``longest`` characters that matches ``pattern`` in full."""

    def check(where: str, value: Any) -> str:
        allowed = f"{meaning}, 1 to {longest} characters" + (f" matching {pattern}" if pattern else "")
        if not isinstance(value, str) or not value.strip() or len(value) > longest:
            raise InvalidInputError(where, got=value, allowed=allowed)
        if pattern and not re.fullmatch(pattern, value):
            raise InvalidInputError(where, got=value, allowed=allowed)
        return value

    return check


def one_of(*choices: str) -> Check:
    """One of a fixed set of strings."""

    def check(where: str, value: Any) -> str:
        if not isinstance(value, str) or value not in choices:
            raise InvalidInputError(where, got=value, allowed=" | ".join(choices))
        return value

    return check


def integer(low: int, high: int, *, multiple_of: int = 1) -> Check:
    """An integer in ``[low, high]``, a multiple of ``multiple_of``."""

    def check(where: str, value: Any) -> int:
        good = isinstance(value, int) and not isinstance(value, bool)
        if not good or not low <= value <= high or value % multiple_of:
            step = f", a multiple of {multiple_of}" if multiple_of > 1 else ""
            raise InvalidInputError(where, got=value, allowed=f"an integer from {low} to {high}{step}")
        return int(value)

    return check


def number(low: float, high: float) -> Check:
    """A finite number in ``[low, high]``; integers are numbers, booleans are not."""

    def check(where: str, value: Any) -> float:
        good = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not good or not low <= value <= high:
            raise InvalidInputError(where, got=value, allowed=f"a number from {low:g} to {high:g}")
        return float(value)

    return check


def boolean() -> Check:
    """``true`` or ``false``."""

    def check(where: str, value: Any) -> bool:
        if not isinstance(value, bool):
            raise InvalidInputError(where, got=value, allowed="true | false")
        return value

    return check


def read(where: str, data: object, checks: Mapping[str, Check], required: Iterable[str] = ()) -> dict[str, Any]:
    """Check every present key of ``data`` with its own check; keys left out are left out of the result."""
    mapping = only_keys(where, data, checks, required)
    return {key: checks[key](f"{where}.{key}", value) for key, value in mapping.items()}

"""JSON in which no object has a key twice: json keeps the last of the two and drops the other without a word."""

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

DEEPEST = 100
"""Levels of a document: far more than any of ours has, far fewer than Python can go down wherever a value is walked through later."""

_TOO_DEEP = f"it is nested more than {DEEPEST} levels deep"
_LONGEST_KEY = 100


def load(text: str | bytes | bytearray) -> Any:
    """The value of a JSON text (bytes: in UTF-8, -16 or -32). Raises ValueError, also where more than ``DEEPEST`` levels are nested."""
    try:
        value = json.loads(text, object_pairs_hook=_unique)
    except RecursionError as error:
        raise ValueError(_TOO_DEEP) from error
    level = [value]
    for _ in range(DEEPEST):
        level = [inner for outer in level for inner in _members(outer)]
        if not level:
            return value
    raise ValueError(_TOO_DEEP)


def _members(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        ((twice, _),) = Counter(name for name, _ in pairs).most_common(1)
        raise ValueError(f"the key {twice[:_LONGEST_KEY]!r} stands there twice")
    return members

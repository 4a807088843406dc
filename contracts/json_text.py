"""JSON in which no object has a key twice: json keeps the last of the two and drops the other without a word."""

import json
from collections import Counter
from typing import Any

_LONGEST_KEY = 100


def load(text: str | bytes | bytearray) -> Any:
    """The value of a JSON text (bytes: in UTF-8, -16 or -32). Raises ValueError, also where it is nested too deeply to be read."""
    try:
        return json.loads(text, object_pairs_hook=_unique)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        ((twice, _),) = Counter(name for name, _ in pairs).most_common(1)
        raise ValueError(f"the key {twice[:_LONGEST_KEY]!r} stands there twice")
    return members

"""A style that is deleted whole, again and again: what its clients saw of its versions."""

import threading
from collections import defaultdict
from dataclasses import dataclass

CAPE = "cape"
"""The style that people make, use and delete."""


@dataclass(frozen=True, kw_only=True)
class Discard:
    """One request to delete the style, which had at least these versions.

    A ``sure`` one was answered between ``begun`` and ``ended``; another may be done at any time after it began, or never.
    """

    begun: float
    ended: float
    numbers: frozenset[int]
    sure: bool


class Discards:
    """Safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.numbers: dict[str, dict[int, float]] = defaultdict(dict)
        self.requests: list[Discard] = []

    def bring(self, key: str, number: int, at: float) -> None:
        """A version was made with this Idempotency-Key, by a request that began then."""
        with self._lock:
            self.numbers[key].setdefault(number, at)

    def known(self) -> frozenset[int]:
        """The versions that were made so far."""
        with self._lock:
            return frozenset(number for found in self.numbers.values() for number in found)

    def keys(self) -> list[str]:
        """With which Idempotency-Keys versions were made, the first in front."""
        with self._lock:
            return [*self.numbers]

    def discard(self, one: Discard) -> None:
        """Somebody has deleted the style, or may have."""
        with self._lock:
            self.requests.append(one)

    def gone(self, before: float) -> frozenset[int]:
        """The versions that were deleted for certain by then."""
        with self._lock:
            return frozenset().union(*(one.numbers for one in self.requests if one.sure and one.ended <= before))

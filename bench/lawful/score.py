"""A share of some cases, with its interval, and the bound that it is held to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

_NORMAL = 1.96
"""95 % on both sides."""


@dataclass(frozen=True, kw_only=True)
class Share:
    """``hits`` of ``n`` cases, n at least 1; the share has to be ``least`` or more, and ``most`` or less."""

    name: str
    hits: int
    n: int
    least: float = 0.0
    most: float = 1.0

    @property
    def value(self) -> float:
        """The share, 0 to 1."""
        return self.hits / self.n

    @property
    def interval(self) -> tuple[float, float]:
        """Where the true share lies with 95 % (Wilson 1927), which holds for shares near 0 and 1 as well."""
        square = _NORMAL**2
        middle = (self.hits + square / 2) / (self.n + square)
        half = _NORMAL / (self.n + square) * sqrt(self.hits * (self.n - self.hits) / self.n + square / 4)
        return max(0.0, middle - half), min(1.0, middle + half)

    @property
    def holds(self) -> bool:
        """Whether the share is within its bounds."""
        return self.least <= self.value <= self.most


def told(shares: Sequence[Share], numbers: Mapping[str, float]) -> dict[str, Any]:
    """The last line: shares and other numbers by name, then how many cases each share is of, their intervals, and whether all hold."""
    return {
        **{share.name: round(share.value, 5) for share in shares},
        **numbers,
        "n": {share.name: share.n for share in shares},
        "intervals": {share.name: [round(end, 5) for end in share.interval] for share in shares},
        "missed": [share.name for share in shares if not share.holds],
    }

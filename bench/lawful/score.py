"""A share of some cases, with its interval, and the bound that it is held to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.lawful.intervals import interval


@dataclass(frozen=True, kw_only=True)
class CountedShare:
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
        """Where the true share lies with 95 %."""
        return interval(self.hits, self.n)

    @property
    def holds(self) -> bool:
        """Whether the share is within its bounds."""
        return self.least <= self.value <= self.most


def told(shares: Sequence[CountedShare], numbers: Mapping[str, Any]) -> dict[str, Any]:
    """The last line: shares and other numbers by name, then how many cases each share is of, their intervals, and whether all hold."""
    return {
        **{share.name: round(share.value, 5) for share in shares},
        **numbers,
        "n": {share.name: share.n for share in shares},
        "intervals": {share.name: share.interval for share in shares},
        "missed": [share.name for share in shares if not share.holds],
    }

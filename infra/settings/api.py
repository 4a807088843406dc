"""What callers of the API may do."""

from dataclasses import dataclass

from infra.settings.validation import check


@dataclass(frozen=True, kw_only=True)
class Api:
    """What one API key may do: steady requests a second, a burst, and requests a day."""

    requests_per_second: float
    burst: int
    requests_per_day: int

    def __post_init__(self) -> None:
        for name in ("requests_per_second", "burst", "requests_per_day"):
            check(getattr(self, name) > 0, f"api.{name}", got=getattr(self, name), allowed="more than 0")

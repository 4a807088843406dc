"""What callers of the API may do."""

from dataclasses import dataclass

from infra.settings.validation import check, check_range

FEWEST_IN_FIVE_MINUTES = 10
"""AWS WAF's own least limit of a rate-based rule."""


@dataclass(frozen=True, kw_only=True)
class Throttle:
    """Steady requests a second, and a burst."""

    requests_per_second: float
    burst: int

    def __post_init__(self) -> None:
        for name in ("requests_per_second", "burst"):
            check(getattr(self, name) > 0, f"throttle.{name}", got=getattr(self, name), allowed="more than 0")


@dataclass(frozen=True, kw_only=True)
class Api:
    """What one API key may do: steady requests a second, a burst, and requests a day; less of what starts a training or a version.

    ``signed`` methods want a signature of an IAM identity (SigV4) besides the key. A web ACL of AWS WAF stands before the API where
    ``most_from_one_address`` says how many requests of one IP address it lets through in five minutes.
    """

    requests_per_second: float
    burst: int
    requests_per_day: int
    trainings: Throttle
    signed: bool = False
    most_from_one_address: int | None = None

    def __post_init__(self) -> None:
        for name in ("requests_per_second", "burst", "requests_per_day"):
            check(getattr(self, name) > 0, f"api.{name}", got=getattr(self, name), allowed="more than 0")
        if self.most_from_one_address is not None:
            check_range("api.most_from_one_address", self.most_from_one_address, FEWEST_IN_FIVE_MINUTES)

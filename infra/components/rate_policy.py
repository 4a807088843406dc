"""What a key may do, as ``RateLimit-Policy`` says it (draft-ietf-httpapi-ratelimit-headers): ``q`` requests in ``w`` seconds."""

from fractions import Fraction

from infra.settings.api import Api

_DAY = 86_400
_LONGEST_WINDOW = 3_600


def rate_policy(limits: Api) -> str:
    """Of most routes: the steady rate and the day's quota of the usage plan. A burst may be above the rate."""
    return f"{_steady(limits.requests_per_second)}, {_daily(limits)}"


def costly_rate_policy(limits: Api) -> str:
    """Of routes that start a training, a batch or a version."""
    return f"{_steady(limits.trainings.requests_per_second)}, {_daily(limits)}"


def _steady(rate: float) -> str:
    """Whole numbers: 0.2 a second is one in five seconds."""
    share = Fraction(rate).limit_denominator(_LONGEST_WINDOW)
    return f'"steady";q={share.numerator};w={share.denominator}'


def _daily(limits: Api) -> str:
    return f'"daily";q={limits.requests_per_day};w={_DAY}'

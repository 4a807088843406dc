"""On-demand SageMaker prices in ``REGION``, US dollars an hour, as read from the AWS Price List between July and August 2026.

They serve estimates (what a failed run cost, what a stage costs an hour), not bills; other regions have prices of their own.
"""

from collections.abc import Mapping

AS_OF = "2026-08"
REGION, REGION_NAME = "us-east-1", "N. Virginia"

DOLLARS_PER_HOUR: Mapping[str, float] = {
    "ml.m5.xlarge": 0.23,
    "ml.g4dn.xlarge": 0.736,
    "ml.g5.xlarge": 1.408,
    "ml.g5.2xlarge": 1.515,
    "ml.g5.12xlarge": 7.09,
    "ml.g6.xlarge": 1.127,
    "ml.g6e.xlarge": 2.61,
    "ml.p4d.24xlarge": 25.25,
    "ml.p5.48xlarge": 63.30,
}

SPOT_SHARE = 0.35
"""Managed spot training costs about this share of on-demand."""


def estimate(instance_type: str, seconds: float, *, count: int = 1, spot: bool = False) -> float | None:
    """Dollars for ``count`` instances over ``seconds``; ``None`` where the table does not know the type."""
    hourly = DOLLARS_PER_HOUR.get(instance_type)
    if hourly is None:
        return None
    return hourly * (SPOT_SHARE if spot else 1.0) * count * seconds / 3600

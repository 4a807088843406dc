"""Logs under the stage's key, and for how many days they can be kept: the numbers that CloudWatch offers."""

from typing import Any

from aws_cdk import RemovalPolicy
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.settings.log_days import LOG_DAYS

_FINITE = [member for member in logs.RetentionDays if member is not logs.RetentionDays.INFINITE]
OFFERED = dict(zip(LOG_DAYS, _FINITE, strict=True))
"""Every finite retention by its number of days. In Python the enum's members, which ascend too, have no numbers."""


def log_group(scope: Construct, construct_id: str, days: int, key: kms.IKey, **own: Any) -> logs.LogGroup:
    """A log that is encrypted with ``key``, kept for ``days``, and goes with its stack; ``own`` is what it has besides.

    Whoever writes to it needs no right on the key: CloudWatch Logs uses it, which the key's own policy allows (``Buckets``).
    """
    return logs.LogGroup(
        scope,
        construct_id,
        retention=retention(days),
        encryption_key=key,
        removal_policy=RemovalPolicy.DESTROY,
        **own,
    )


def retention(days: int) -> logs.RetentionDays:
    """CDK's name for a retention of ``days``. Raises ValueError for a number that CloudWatch does not offer."""
    if days not in OFFERED:
        raise ValueError(f"log retention: got {days} days; allowed: {', '.join(map(str, OFFERED))}")
    return OFFERED[days]

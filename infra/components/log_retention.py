"""Logs, and for how many days they can be kept: the numbers that CloudWatch offers."""

from collections.abc import Mapping
from functools import cache

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_logs as logs
from constructs import Construct


def log_group(scope: Construct, construct_id: str, days: int) -> logs.LogGroup:
    """A log that is kept for ``days`` and goes with its stack."""
    return logs.LogGroup(scope, construct_id, retention=retention(days), removal_policy=RemovalPolicy.DESTROY)


def retention(days: int) -> logs.RetentionDays:
    """CDK's name for a retention of ``days``. Raises ValueError for a number that CloudWatch does not offer."""
    if days not in offered():
        raise ValueError(f"log retention: got {days} days; allowed: {', '.join(map(str, offered()))}")
    return offered()[days]


@cache
def offered() -> Mapping[int, logs.RetentionDays]:
    """Every finite retention by its number of days, ascending.

    In Python the enum's members have no numbers, so each number is read from a log group in a stack that belongs to no app.
    """
    scratch = Stack()
    days: dict[int, logs.RetentionDays] = {}
    for member in logs.RetentionDays:
        group = logs.LogGroup(scratch, member.name, retention=member).node.default_child
        assert isinstance(group, logs.CfnLogGroup)
        if group.retention_in_days is not None:
            days[int(group.retention_in_days)] = member
    return dict(sorted(days.items()))

"""How many instances a scaling policy wants, and the alarms that a target tracking policy makes for itself.

Sources: Application Auto Scaling User Guide, "How target tracking scaling works" and "How step scaling works"; the names, periods and
the 90 percent of the alarms of target tracking are those that DescribeScalingPolicies and DescribeAlarms have been seen to show.
"""

import math
import uuid
from typing import Any

from local.errors import validation_error

Record = dict[str, Any]
_HIGH_PERIODS, _LOW_PERIODS = 3, 15
_LOW_SHARE = 0.9
_PREDEFINED = {"SageMakerVariantConcurrentRequestsPerModelHighResolution": "ConcurrentRequestsPerModel"}
"""On AWS this one's alarms look every 10 seconds; here, as all others, every minute."""
_DEFAULT_COOLDOWN = 300


def check_tracked(settings: Record) -> None:
    """Raise ServiceError for target tracking of what nothing here publishes."""
    kind = settings.get("PredefinedMetricSpecification", {}).get("PredefinedMetricType")
    if kind not in _PREDEFINED and "MetricName" not in settings.get("CustomizedMetricSpecification", {}):
        allowed = f"a CustomizedMetricSpecification of one metric, or of PredefinedMetricType {', '.join(_PREDEFINED)}"
        raise validation_error(f"TargetTrackingScalingPolicyConfiguration: the local cloud allows {allowed}")


def tracking_alarms(policy: Record) -> list[Record]:
    """PutMetricAlarm, twice: one alarm grows the fleet within 3 minutes, the other shrinks it after 15."""
    settings = policy["TargetTrackingScalingPolicyConfiguration"]
    metric = settings.get("CustomizedMetricSpecification") or _predefined(policy)
    target = float(settings["TargetValue"])
    sides = [("High", "GreaterThanThreshold", target, _HIGH_PERIODS)]
    if not settings.get("DisableScaleIn"):
        sides.append(("Low", "LessThanThreshold", target * _LOW_SHARE, _LOW_PERIODS))
    return [
        {
            **{member: metric[member] for member in ("Namespace", "MetricName", "Statistic")},
            **{member: metric[member] for member in ("Dimensions", "Unit") if member in metric},
            "AlarmName": f"TargetTracking-{policy['ResourceId']}-Alarm{side}-{uuid.uuid4()}",
            "AlarmDescription": f"DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {policy['PolicyARN']}.",
            "ComparisonOperator": comparison,
            "Threshold": threshold,
            "Period": 60,
            "EvaluationPeriods": periods,
            "AlarmActions": [policy["PolicyARN"]],
        }
        for side, comparison, threshold, periods in sides
    ]


def _predefined(policy: Record) -> Record:
    """The metric of a predefined type."""
    kind = policy["TargetTrackingScalingPolicyConfiguration"]["PredefinedMetricSpecification"]["PredefinedMetricType"]
    _, endpoint, _, variant = policy["ResourceId"].split("/")
    dimensions = [{"Name": "EndpointName", "Value": endpoint}, {"Name": "VariantName", "Value": variant}]
    return {
        "Namespace": "AWS/SageMaker",
        "MetricName": _PREDEFINED[kind],
        "Dimensions": dimensions,
        "Statistic": "Average",
    }


def wanted(policy: Record, alarm: Record, value: float | None, current: int) -> int:
    """How many instances a policy wants when its alarm has gone off by ``value`` and ``current`` are desired."""
    if policy["PolicyType"] == "StepScaling":
        return _stepped(policy["StepScalingPolicyConfiguration"], value, float(alarm["Threshold"]), current)
    target = float(policy["TargetTrackingScalingPolicyConfiguration"]["TargetValue"])
    # Without a value nothing is known, and target tracking does not scale on what it does not know.
    return current if value is None else math.ceil(current * value / target)


def cooldown(policy: Record, *, out: bool) -> int:
    """Seconds in which a policy does not repeat what it did: for growing or for shrinking."""
    if policy["PolicyType"] == "StepScaling":
        return int(policy["StepScalingPolicyConfiguration"].get("Cooldown", _DEFAULT_COOLDOWN))
    member = "ScaleOutCooldown" if out else "ScaleInCooldown"
    return int(policy["TargetTrackingScalingPolicyConfiguration"].get(member, _DEFAULT_COOLDOWN))


def _stepped(settings: Record, value: float | None, threshold: float, current: int) -> int:
    breach = 0.0 if value is None else value - threshold
    step = next((step for step in settings["StepAdjustments"] if _holds(step, breach)), None)
    if step is None:
        return current
    change = int(step["ScalingAdjustment"])
    match settings["AdjustmentType"]:
        case "ExactCapacity":
            return change
        case "ChangeInCapacity":
            return current + change
    size = max(math.floor(current * abs(change) / 100), int(settings.get("MinAdjustmentMagnitude", 1)))
    return current + (size if change > 0 else -size)


def _holds(step: Record, breach: float) -> bool:
    """Whether a breach lies within a step: the bound nearer to the threshold belongs to it."""
    low, high = (
        float(step.get(f"MetricInterval{side}Bound", edge)) for side, edge in (("Lower", "-inf"), ("Upper", "inf"))
    )
    return low <= breach < high if breach >= 0 else low < breach <= high

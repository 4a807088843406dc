"""How an asynchronous endpoint's fleet follows its queue, to zero and back: the same requests for templates and for the state machine.

Two policies are needed. Target tracking on the backlog per running instance shrinks the fleet to zero but cannot leave zero: with no
instance its metric has no value. Step scaling on ``HasBacklogWithoutCapacity`` wakes it. Both metrics are published with the dimension
``EndpointName`` ONLY; with a variant beside it an alarm never sees a data point.
https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-autoscale.html
"""

from typing import Any

from aws_cdk import CfnResource
from constructs import Construct

from contracts.hosting import VARIANT
from infra.settings.serving import Serving

SCALE_IN_COOLDOWN_SECONDS = 600
SCALE_OUT_COOLDOWN_SECONDS = 300
WAKE_COOLDOWN_SECONDS = 300
WAKE_PERIOD_SECONDS = 60
WAKE_PERIODS = 2
EMPTY_MINUTES = 20
"""About how long a queue is empty before no instance runs: target tracking waits for 15 minutes, SageMaker then takes some more."""


class EndpointScaling(Construct):
    """The scalable target of the variant of the endpoint called ``endpoint``, its two policies and the alarm of the second."""

    def __init__(self, scope: Construct, construct_id: str, *, endpoint: str, serving: Serving) -> None:
        super().__init__(scope, construct_id)
        policy = "AWS::ApplicationAutoScaling::ScalingPolicy"
        target = CfnResource(
            self,
            "Target",
            type="AWS::ApplicationAutoScaling::ScalableTarget",
            properties=scalable(f"endpoint/{endpoint}/variant/{VARIANT}") | capacity(serving),
        )
        scaled = {"ScalingTargetId": target.ref}
        CfnResource(self, "Backlog", type=policy, properties=scaled | backlog_policy(endpoint, serving))
        wake = CfnResource(self, "Wake", type=policy, properties=scaled | wake_policy())
        alarm = wake_alarm(endpoint, wake.get_att("Arn").to_string())
        CfnResource(self, "WakeAlarm", type="AWS::CloudWatch::Alarm", properties=alarm)


def scalable(resource: str) -> dict[str, Any]:
    """Application Auto Scaling's name for the number of instances of ``endpoint/{name}/variant/{variant}``."""
    return {
        "ServiceNamespace": "sagemaker",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
        "ResourceId": resource,
    }


def capacity(serving: Serving) -> dict[str, int]:
    """How many instances there may be."""
    return {"MinCapacity": serving.fewest_instances, "MaxCapacity": serving.most_instances}


def backlog_policy(endpoint: str, serving: Serving) -> dict[str, Any]:
    """Follow the queue, down to zero."""
    metric = _metric(endpoint, "ApproximateBacklogSizePerInstance")
    return {
        "PolicyName": "backlog",
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": {
            "TargetValue": serving.backlog_per_instance,
            "CustomizedMetricSpecification": metric,
            "ScaleInCooldown": SCALE_IN_COOLDOWN_SECONDS,
            "ScaleOutCooldown": SCALE_OUT_COOLDOWN_SECONDS,
        },
    }


def wake_policy() -> dict[str, Any]:
    """Start one instance when requests wait and none runs."""
    return {
        "PolicyName": "wake",
        "PolicyType": "StepScaling",
        "StepScalingPolicyConfiguration": {
            "AdjustmentType": "ChangeInCapacity",
            "MetricAggregationType": "Average",
            "Cooldown": WAKE_COOLDOWN_SECONDS,
            "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}],
        },
    }


def wake_alarm(endpoint: str, policy_arn: str) -> dict[str, Any]:
    """The alarm that triggers the wake policy."""
    return {
        "AlarmDescription": "Requests wait and no instance runs",
        **_metric(endpoint, "HasBacklogWithoutCapacity"),
        "Period": WAKE_PERIOD_SECONDS,
        "EvaluationPeriods": WAKE_PERIODS,
        "DatapointsToAlarm": WAKE_PERIODS,
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        # The metric is published only while requests wait, so missing data must not change the alarm.
        "TreatMissingData": "missing",
        "AlarmActions": [policy_arn],
    }


def _metric(endpoint: str, name: str) -> dict[str, Any]:
    return {
        "Namespace": "AWS/SageMaker",
        "MetricName": name,
        "Dimensions": [{"Name": "EndpointName", "Value": endpoint}],
        "Statistic": "Average",
    }

"""How an endpoint's fleet follows what is asked of it: the same requests for templates and for the state machine.

An asynchronous endpoint follows its queue, to zero and back; a real-time one the requests that are in it.

Target tracking on the backlog per running instance shrinks the fleet to zero but cannot leave zero: with no instance its metric has no
value. Step scaling on ``HasBacklogWithoutCapacity`` wakes it. Both metrics are published with the dimension ``EndpointName`` ONLY; with
a variant beside it an alarm never sees a data point.
https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-autoscale.html

Whether an endpoint that has had no request yet publishes a backlog at all is written nowhere, and target tracking does not act on a
metric without values. A third policy therefore needs no backlog: it puts a fleet to sleep that was awake for two hours with nothing to do.
"""

from typing import Any

from infra.monitoring.alarms import described
from infra.settings.serving import Serving

SCALE_IN_COOLDOWN_SECONDS = 600
SCALE_OUT_COOLDOWN_SECONDS = 300
STEP_COOLDOWN_SECONDS = 300
REQUESTS_AT_ONCE = "SageMakerVariantConcurrentRequestsPerModelHighResolution"
WAKE_PERIOD_SECONDS = 60
WAKE_PERIODS = 2
IDLE_PERIOD_SECONDS = 300
IDLE_PERIODS = 24
IDLE_HOURS = IDLE_PERIOD_SECONDS * IDLE_PERIODS // 3600
"""How long a fleet may be awake with an empty queue before it is put to sleep, and somebody is told that target tracking did not do it."""
EMPTY_MINUTES = 20
"""About how long a queue is empty before no instance runs: target tracking waits for 15 minutes, SageMaker then takes some more."""


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


def requests_policy(serving: Serving) -> dict[str, Any]:
    """Follow the requests that are in a real-time endpoint at a time, which is its queue.

    https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-add-code-define.html: a value each 10 seconds. The number of
    invocations a minute, which is often scaled on, says nothing here: one takes a second or half a minute.
    """
    return {
        "PolicyName": "requests",
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": {
            "TargetValue": serving.backlog_per_instance,
            "PredefinedMetricSpecification": {"PredefinedMetricType": REQUESTS_AT_ONCE},
            "ScaleInCooldown": SCALE_IN_COOLDOWN_SECONDS,
            "ScaleOutCooldown": SCALE_OUT_COOLDOWN_SECONDS,
        },
    }


def wake_policy() -> dict[str, Any]:
    """Start one instance when requests wait and none runs.

    Exactly one, not one more: the alarm calls its policy again every minute, and an instance takes longer to come than any cooldown
    that would still let a second request wake it. What one instance cannot do, target tracking adds.
    """
    return _step_policy("wake", instances=1)


def sleep_policy(serving: Serving) -> dict[str, Any]:
    """Go to the fewest instances, whatever target tracking thinks."""
    return _step_policy("sleep", instances=serving.fewest_instances)


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
        # Without a value nobody waits: the alarm must not stay on, because its policy would take a second instance away again.
        "TreatMissingData": "notBreaching",
        "AlarmActions": [policy_arn],
    }


def idle_alarm(endpoint: str, variant: str, serving: Serving, actions: list[str]) -> dict[str, Any]:
    """The alarm of a fleet that is awake and has nothing to do: it triggers the sleep policy, and tells somebody.

    The number of values of CPUUtilization is the number of instances. Queues that publish nothing count as empty.
    https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-troubleshooting.html
    """
    variants = [{"Name": "EndpointName", "Value": endpoint}, {"Name": "VariantName", "Value": variant}]
    instances = {"Namespace": "/aws/sagemaker/Endpoints", "MetricName": "CPUUtilization", "Dimensions": variants}
    backlog = {k: v for k, v in _metric(endpoint, "ApproximateBacklogSize").items() if k != "Statistic"}
    # Each instance publishes once a minute, and the sum of an expression's periods must exceed the fewest that are meant to run.
    fewest = serving.may_idle * IDLE_PERIOD_SECONDS // 60
    return {
        "AlarmDescription": described(
            f"Instances ran for {IDLE_HOURS} hours with an empty queue, and target tracking did not stop them",
            "The fleet stays awake",
        ),
        "Metrics": [
            _query("instances", instances, "SampleCount"),
            _query("backlog", backlog, "Maximum"),
            {
                "Id": "idle",
                "Label": "Awake with an empty queue",
                "Expression": f"IF(instances > {fewest} AND FILL(backlog, 0) == 0, 1, 0)",
                "ReturnData": True,
            },
        ],
        "EvaluationPeriods": IDLE_PERIODS,
        "DatapointsToAlarm": IDLE_PERIODS,
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "notBreaching",
        "AlarmActions": actions,
    }


def _step_policy(name: str, *, instances: int) -> dict[str, Any]:
    return {
        "PolicyName": name,
        "PolicyType": "StepScaling",
        "StepScalingPolicyConfiguration": {
            "AdjustmentType": "ExactCapacity",
            "MetricAggregationType": "Average",
            "Cooldown": STEP_COOLDOWN_SECONDS,
            "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": instances}],
        },
    }


def _query(name: str, metric: dict[str, Any], statistic: str) -> dict[str, Any]:
    stat = {"Metric": metric, "Period": IDLE_PERIOD_SECONDS, "Stat": statistic}
    return {"Id": name, "MetricStat": stat, "ReturnData": False}


def _metric(endpoint: str, name: str) -> dict[str, Any]:
    return {
        "Namespace": "AWS/SageMaker",
        "MetricName": name,
        "Dimensions": [{"Name": "EndpointName", "Value": endpoint}],
        "Statistic": "Average",
    }

"""How an update of the shared endpoint reaches its callers: a new fleet beside the old one, and back when predictions fail.

https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-blue-green.html
"""

from typing import Any

from aws_cdk import CfnResource
from constructs import Construct

NAMESPACE, METRIC = "Atelier", "PredictionsFailed"
"""Counted by the handler of the endpoint's answers. The endpoint's own metrics carry its name, which is not known before it is there."""

MOST_FAILED = 5
FAILED_SECONDS = 300
BAKE_SECONDS = 300
"""How long a new fleet is watched before the old one goes; a canary first takes its share for as long."""
LONGEST_SECONDS = 4 * 3600


class Rollout(Construct):
    """``config`` is the endpoint's ``DeploymentConfig``. The alarm rolls an update back when predictions of the stage fail.

    ``instances`` is how many the new fleet starts with: with two or more, one of them takes requests first. SageMaker wants a canary to be
    at most half of the new fleet.
    """

    def __init__(self, scope: Construct, construct_id: str, *, service: str, instances: int) -> None:
        super().__init__(scope, construct_id)
        alarm = CfnResource(self, "Failures", type="AWS::CloudWatch::Alarm", properties=_alarm(service))
        canary = {"CanarySize": {"Type": "INSTANCE_COUNT", "Value": 1}} if instances >= 2 else {}
        routing = {"Type": "CANARY" if canary else "ALL_AT_ONCE", "WaitIntervalInSeconds": BAKE_SECONDS, **canary}
        self.config = {
            "BlueGreenUpdatePolicy": {
                "TrafficRoutingConfiguration": routing,
                "TerminationWaitInSeconds": BAKE_SECONDS,
                "MaximumExecutionTimeoutInSeconds": LONGEST_SECONDS,
            },
            "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": alarm.ref}]},
        }


def _alarm(service: str) -> dict[str, Any]:
    return {
        "AlarmDescription": "Predictions fail: rolls back an update of the shared endpoint that is under way",
        "Namespace": NAMESPACE,
        "MetricName": METRIC,
        "Dimensions": [{"Name": "service", "Value": service}],
        "Statistic": "Sum",
        "Period": FAILED_SECONDS,
        "EvaluationPeriods": 1,
        "Threshold": MOST_FAILED,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "notBreaching",
    }

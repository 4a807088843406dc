"""From an approved package to something that answers: published, deployed where asked, scaled, smoke-tested, promoted."""

from typing import Any

from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.components import scaling
from infra.components.workflow.task import LAMBDA_TRANSIENT, Task, invoke, retry, sdk_transient
from infra.config import Serving

SMOKE_TEST_SECONDS = 3600
"""An endpoint at zero wakes in 5 to 10 minutes, then loads its models."""

ENDPOINT_SECONDS = 3 * 3600
"""SageMaker itself gives up on a stuck endpoint after about an hour; a canary and its rollback come on top."""

_VARIANT = "{% 'endpoint/' & $endpoint & '/variant/' & $variant %}"
_DIMENSIONS = [{"Name": "EndpointName", "Value": "{% $endpoint %}"}]


def publish(scope: Construct, function_arn: str, on_error: sfn.IChainable) -> Task:
    """Copy the artifact to ``styles/{style}/{version}/``."""
    names = ("plan", "artifact", "package", "version")
    payload = {name: f"{{% ${name} %}}" for name in names} | {"metrics": "{% $gate.metrics %}"}
    return Task(
        scope,
        "Publish",
        resource="lambda:invoke",
        arguments=invoke(function_arn, payload),
        assign={
            "version": "{% $states.result.Payload.version %}",
            "uri": "{% $states.result.Payload.uri %}",
            "adapter": "{% $states.result.Payload.adapter %}",
        },
        retries=[retry(LAMBDA_TRANSIENT)],
        on_error=on_error,
        seconds=900,
    )


def deploy_endpoint(scope: Construct, function_arn: str, on_error: sfn.IChainable) -> Task:
    """Create or update the style's own endpoint and wait until it is in service or has failed."""
    names = ("plan", "package", "version", "uri")
    payload = {name: f"{{% ${name} %}}" for name in names} | {"token": "{% $states.context.Task.Token %}"}
    return Task(
        scope,
        "DeployEndpoint",
        resource="lambda:invoke.waitForTaskToken",
        arguments=invoke(function_arn, payload),
        assign={"endpoint": "{% $states.result.endpoint %}", "variant": "{% $states.result.variant %}"},
        retries=[
            # Another rollout is under way, or a failed endpoint is being removed.
            retry(["EndpointBusyError"], seconds=60, attempts=10, backoff=1.0),
            retry(LAMBDA_TRANSIENT),
        ],
        on_error=on_error,
        seconds=ENDPOINT_SECONDS,
    )


def register_scalable_target(scope: Construct, serving: Serving, on_error: sfn.IChainable) -> Task:
    """Hand the variant's number of instances to Application Auto Scaling."""
    arguments = _target() | {"MinCapacity": serving.fewest_instances, "MaxCapacity": serving.most_instances}
    return _scaling_task(scope, "RegisterScalableTarget", "registerScalableTarget", arguments, on_error)


def put_backlog_policy(scope: Construct, serving: Serving, on_error: sfn.IChainable) -> Task:
    """Follow the queue, down to zero."""
    metric = {
        "Namespace": scaling.NAMESPACE,
        "MetricName": scaling.BACKLOG,
        "Dimensions": _DIMENSIONS,
        "Statistic": "Average",
    }
    tracking = {
        "TargetValue": serving.backlog_per_instance,
        "CustomizedMetricSpecification": metric,
        "ScaleInCooldown": scaling.SCALE_IN_COOLDOWN_SECONDS,
        "ScaleOutCooldown": scaling.SCALE_OUT_COOLDOWN_SECONDS,
    }
    arguments = _target() | {
        "PolicyName": "backlog",
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": tracking,
    }
    return _scaling_task(scope, "PutBacklogPolicy", "putScalingPolicy", arguments, on_error)


def put_wake_policy(scope: Construct, on_error: sfn.IChainable) -> Task:
    """One instance more when requests wait and none runs; ``$wake`` is the policy's ARN."""
    step = {
        "AdjustmentType": "ChangeInCapacity",
        "MetricAggregationType": "Average",
        "Cooldown": scaling.WAKE_COOLDOWN_SECONDS,
        "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}],
    }
    arguments = _target() | {
        "PolicyName": "wake",
        "PolicyType": "StepScaling",
        "StepScalingPolicyConfiguration": step,
    }
    assign = {"wake": "{% $states.result.PolicyARN %}"}
    return _scaling_task(scope, "PutWakePolicy", "putScalingPolicy", arguments, on_error, assign)


def put_wake_alarm(scope: Construct, on_error: sfn.IChainable) -> Task:
    """The alarm that sets the wake policy off."""
    arguments = {
        "AlarmName": "{% $endpoint & '-wake' %}",
        "AlarmDescription": "Requests wait and no instance runs",
        "Namespace": scaling.NAMESPACE,
        "MetricName": scaling.BACKLOG_WITHOUT_CAPACITY,
        "Dimensions": _DIMENSIONS,
        "Statistic": "Average",
        "Period": scaling.WAKE_PERIOD_SECONDS,
        "EvaluationPeriods": scaling.WAKE_PERIODS,
        "DatapointsToAlarm": scaling.WAKE_PERIODS,
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "missing",
        "AlarmActions": ["{% $wake %}"],
    }
    return Task(
        scope,
        "PutWakeAlarm",
        resource="aws-sdk:cloudwatch:putMetricAlarm",
        arguments=arguments,
        retries=[retry(sdk_transient("CloudWatch"))],
        on_error=on_error,
        seconds=60,
    )


def smoke_test(scope: Construct, function_arn: str, on_error: sfn.IChainable) -> Task:
    """Send one request through the endpoint and wait for its answer."""
    payload = {name: f"{{% ${name} %}}" for name in ("plan", "version", "endpoint")}
    payload["token"] = "{% $states.context.Task.Token %}"
    return Task(
        scope,
        "SmokeTest",
        resource="lambda:invoke.waitForTaskToken",
        arguments=invoke(function_arn, payload),
        retries=[
            retry(["EndpointUnavailableError"], seconds=30, attempts=10, backoff=1.0),
            retry(LAMBDA_TRANSIENT),
        ],
        on_error=on_error,
        seconds=SMOKE_TEST_SECONDS,
    )


def promote(scope: Construct, model_bucket_name: str, on_error: sfn.IChainable) -> Task:
    """From now on the style's bare name means this version."""
    return Task(
        scope,
        "Promote",
        resource="aws-sdk:s3:putObject",
        arguments={
            "Bucket": model_bucket_name,
            "Key": "{% $plan.published & 'latest.json' %}",
            "Body": {"version": "{% $version %}"},
            "ContentType": "application/json",
        },
        retries=[retry(sdk_transient("S3"))],
        on_error=on_error,
        seconds=60,
    )


def _target() -> dict[str, Any]:
    return {
        "ServiceNamespace": scaling.SERVICE,
        "ScalableDimension": scaling.SCALABLE_DIMENSION,
        "ResourceId": _VARIANT,
    }


def _scaling_task(
    scope: Construct,
    state_name: str,
    operation: str,
    arguments: dict[str, Any],
    on_error: sfn.IChainable,
    assign: dict[str, str] | None = None,
) -> Task:
    return Task(
        scope,
        state_name,
        resource=f"aws-sdk:applicationautoscaling:{operation}",
        arguments=arguments,
        assign=assign,
        retries=[
            retry(
                [
                    "ApplicationAutoScaling.ConcurrentUpdateException",
                    "ApplicationAutoScaling.InternalServiceException",
                    *sdk_transient("ApplicationAutoScaling"),
                ]
            )
        ],
        on_error=on_error,
        seconds=60,
    )

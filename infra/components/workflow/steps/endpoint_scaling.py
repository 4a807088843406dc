"""The scaling of a version's own endpoint: the requests of ``infra.components.scaling``, made by the state machine."""

from collections.abc import Sequence
from typing import Any

from infra.components import scaling
from infra.components.access import ACCOUNT, PARTITION, Statement, allow, arn
from infra.components.attributes import topic_arn
from infra.components.workflow.resources import Resources
from infra.components.workflow.step import Step, retry, sdk_transient

_ENDPOINT = "{% $endpoint %}"
_SCALED = scaling.scalable("{% 'endpoint/' & $endpoint & '/variant/' & $variant %}")
_LINKED = "sagemaker.application-autoscaling.amazonaws.com"
_TARGETS = "application-autoscaling:<AWS::Region>:<AWS::AccountId>:scalable-target/*"
ACCEPTS_TARGETS = {
    f"AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:{_TARGETS}]": "A scalable target's ARN holds an identifier of AWS's choice, "
    "unknown before the target is made."
}
_ACCEPTS_LINKED_ROLE = {
    f"AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:iam::<AWS::AccountId>:role/aws-service-role/{_LINKED}/*]": "The service "
    "names its own role; a condition limits it to that service."
}


def scaling_steps(use: Resources) -> tuple[Step, ...]:
    """From a number that nobody changes to a fleet that follows its queue, to zero and back; or its requests, if it is real-time."""
    if use.stage.serving.is_real_time:
        return (_registered(use), _following_requests(use))
    return (_registered(use), _following(use), *_waking(use), *_sleeping(use))


def _registered(use: Resources) -> Step:
    return _autoscaling(
        use,
        name="RegisterScalableTarget",
        does="Hand the number of the endpoint's instances to Application Auto Scaling",
        operation="registerScalableTarget",
        arguments=_SCALED | scaling.capacity(use.stage.serving),
        allows=_registering(use),
    )


def _following(use: Resources) -> Step:
    return _autoscaling(
        use,
        name="PutBacklogPolicy",
        does="Let the number follow the queue, down to zero",
        operation="putScalingPolicy",
        arguments=_SCALED | scaling.backlog_policy(_ENDPOINT, use.stage.serving),
        allows=_putting_policies(use),
    )


def _following_requests(use: Resources) -> Step:
    return _autoscaling(
        use,
        name="PutRequestsPolicy",
        does="Let the number follow the requests that are in the endpoint",
        operation="putScalingPolicy",
        arguments=_SCALED | scaling.requests_policy(use.stage.serving),
        allows=_putting_policies(use),
    )


def _waking(use: Resources) -> tuple[Step, ...]:
    return (
        _autoscaling(
            use,
            name="PutWakePolicy",
            does="Let a request that finds no instance start one",
            operation="putScalingPolicy",
            arguments=_SCALED | scaling.wake_policy(),
            allows=_putting_policies(use),
            assign={"wake": "{% $states.result.PolicyARN %}"},
        ),
        _alarm(
            use,
            purpose="wake",
            does="Set off the wake policy when requests wait and no instance runs",
            request=scaling.wake_alarm(_ENDPOINT, "{% $wake %}"),
        ),
    )


def _sleeping(use: Resources) -> tuple[Step, ...]:
    serving = use.stage.serving
    return (
        _autoscaling(
            use,
            name="PutSleepPolicy",
            does="Let the fleet be stopped whatever target tracking thinks",
            operation="putScalingPolicy",
            arguments=_SCALED | scaling.sleep_policy(serving),
            allows=_putting_policies(use),
            assign={"sleep": "{% $states.result.PolicyARN %}"},
        ),
        _alarm(
            use,
            purpose="idle",
            does="Set off the sleep policy, and tell people, when instances run for hours with an empty queue",
            request=scaling.idle_alarm(_ENDPOINT, "{% $variant %}", serving, ["{% $sleep %}", topic_arn(use.topic)]),
        ),
    )


def _alarm(use: Resources, *, purpose: str, does: str, request: dict[str, Any]) -> Step:
    return Step(
        name=f"Put{purpose.capitalize()}Alarm",
        does=does,
        resource="aws-sdk:cloudwatch:putMetricAlarm",
        arguments={"AlarmName": f"{{% $endpoint & '-{purpose}' %}}", **request, "Tags": use.tags},
        retries=[retry(sdk_transient("CloudWatch"))],
        allows=[
            allow(
                ["cloudwatch:PutMetricAlarm", "cloudwatch:TagResource"],
                [arn("cloudwatch", f"alarm:{use.stage.prefix}-style-*")],
            )
        ],
    )


def _autoscaling(
    use: Resources,
    *,
    name: str,
    does: str,
    operation: str,
    arguments: dict[str, Any],
    allows: Sequence[Statement],
    assign: dict[str, str] | None = None,
) -> Step:
    """A call of Application Auto Scaling, which checks the caller's rights on the endpoint that it will touch."""
    endpoints = arn("sagemaker", f"endpoint/{use.stage.prefix}-style-*")
    configs = arn("sagemaker", f"endpoint-config/{use.stage.prefix}-style-*")
    own = ("ConcurrentUpdateException", "InternalServiceException")
    service = "ApplicationAutoScaling"
    return Step(
        name=name,
        does=does,
        resource=f"aws-sdk:applicationautoscaling:{operation}",
        arguments=arguments,
        assign=assign or {},
        retries=[retry((*(f"{service}.{error}" for error in own), *sdk_transient(service)))],
        allows=[
            allow(
                [f"application-autoscaling:{operation[0].upper()}{operation[1:]}"],
                [arn("application-autoscaling", "scalable-target/*")],
                {"StringEquals": {"application-autoscaling:service-namespace": "sagemaker"}},
            ),
            allow(["sagemaker:DescribeEndpoint", "sagemaker:UpdateEndpointWeightsAndCapacities"], [endpoints]),
            allow(["sagemaker:DescribeEndpointConfig"], [configs]),
            *allows,
        ],
        accepts=ACCEPTS_TARGETS | _ACCEPTS_LINKED_ROLE,
    )


def _registering(use: Resources) -> list[Statement]:
    """The first scalable target of an account creates the service-linked role."""
    role = f"arn:{PARTITION}:iam::{ACCOUNT}:role/aws-service-role/{_LINKED}/*"
    return [allow(["iam:CreateServiceLinkedRole"], [role], {"StringEquals": {"iam:AWSServiceName": _LINKED}})]


def _putting_policies(use: Resources) -> list[Statement]:
    """Target tracking makes its own alarms, called TargetTracking-endpoint/{name}/…."""
    names = [f"alarm:TargetTracking-endpoint/{use.stage.prefix}-style-*", f"alarm:{use.stage.prefix}-style-*"]
    actions = ["cloudwatch:PutMetricAlarm", "cloudwatch:DescribeAlarms", "cloudwatch:DeleteAlarms"]
    return [allow(actions, [arn("cloudwatch", name) for name in names])]

"""Scalable targets and policies are kept as Application Auto Scaling keeps them."""

from typing import Any

import pytest

from local.autoscaling import ApplicationAutoScaling
from local.errors import ServiceError

Record = dict[str, Any]
PLACE = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": "endpoint/live/variant/AllTraffic",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}
TRACKING = {
    "TargetValue": 2.0,
    "CustomizedMetricSpecification": {"MetricName": "Backlog", "Namespace": "AWS/SageMaker", "Statistic": "Average"},
}


@pytest.fixture
def service() -> ApplicationAutoScaling:
    """The service of an account with one variant."""
    return ApplicationAutoScaling(
        account="123456789012", region="us-east-1", variant_exists=lambda e, v: (e, v) == ("live", "AllTraffic")
    )


def register(service: ApplicationAutoScaling, **changes: Any) -> Record:
    """Register the variant, 0 to 2."""
    return service.dispatch("RegisterScalableTarget", {**PLACE, "MinCapacity": 0, "MaxCapacity": 2, **changes})


def targets(service: ApplicationAutoScaling) -> list[Record]:
    """All targets."""
    found: list[Record] = service.dispatch("DescribeScalableTargets", {"ServiceNamespace": "sagemaker"})[
        "ScalableTargets"
    ]
    return found


def test_registering_again_changes_only_what_is_given(service: ApplicationAutoScaling) -> None:
    first = register(service)
    again = service.dispatch("RegisterScalableTarget", {**PLACE, "MaxCapacity": 5})

    assert first["ScalableTargetARN"] == again["ScalableTargetARN"]
    assert [(t["MinCapacity"], t["MaxCapacity"]) for t in targets(service)] == [(0, 5)]
    assert service.is_target("live", "AllTraffic")
    assert not service.is_target("live", "Other")


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"ResourceId": "endpoint/gone/variant/AllTraffic"}, "Endpoint/Variant not found"),
        ({"ResourceId": "table/x"}, "allowed: endpoint/<name>/variant/<name>"),
        ({"MinCapacity": 3}, "Maximum capacity cannot be less than minimum capacity"),
        ({"ServiceNamespace": "ecs"}, "the local cloud allows 'sagemaker'"),
        ({"ScalableDimension": "sagemaker:variant:Count"}, "Member must satisfy enum value set"),
    ],
)
def test_a_target_that_cannot_be_is_refused(service: ApplicationAutoScaling, changes: Record, problem: str) -> None:
    with pytest.raises(ServiceError) as refused:
        register(service, **changes)

    assert problem in refused.value.message
    assert targets(service) == []


def test_a_policy_keeps_its_arn_and_goes_with_its_target(service: ApplicationAutoScaling) -> None:
    register(service)
    policy = {**PLACE, "PolicyName": "p", "PolicyType": "TargetTrackingScaling"}

    arns = {
        service.dispatch(
            "PutScalingPolicy",
            {**policy, "TargetTrackingScalingPolicyConfiguration": {**TRACKING, "TargetValue": value}},
        )["PolicyARN"]
        for value in (1.0, 2.0)
    }
    before = service.dispatch("DescribeScalingPolicies", {"ServiceNamespace": "sagemaker"})["ScalingPolicies"]
    service.forget_endpoint("live")
    after = service.dispatch("DescribeScalingPolicies", {"ServiceNamespace": "sagemaker"})["ScalingPolicies"]

    assert len(arns) == 1
    assert [p["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] for p in before] == [2.0]
    assert (after, targets(service)) == ([], [])


def test_a_policy_needs_the_configuration_of_its_type(service: ApplicationAutoScaling) -> None:
    register(service)

    with pytest.raises(ServiceError, match="StepScalingPolicyConfiguration: got nothing"):
        service.dispatch("PutScalingPolicy", {**PLACE, "PolicyName": "p", "PolicyType": "StepScaling"})


def test_what_is_not_there_is_not_found(service: ApplicationAutoScaling) -> None:
    calls = {
        "DeregisterScalableTarget": PLACE,
        "DeleteScalingPolicy": {**PLACE, "PolicyName": "p"},
        "PutScalingPolicy": {**PLACE, "PolicyName": "p"},
    }
    for action, params in calls.items():
        with pytest.raises(ServiceError, match="ObjectNotFoundException"):
            service.dispatch(action, params)

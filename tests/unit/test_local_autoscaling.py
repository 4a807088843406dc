"""Scalable targets and policies are kept as Application Auto Scaling keeps them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from local.autoscaling import ApplicationAutoScaling
from local.clock import TurnedClock
from local.durable import Durable
from local.errors import ServiceError
from local.scaling.scaler import Fleets, Scaler
from local.scaling.schedule import check, is_due

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


class Alarms:
    """The names of the alarms that there are."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def put_alarm(self, request: Record) -> None:
        """Keep the name."""
        self.names.append(request["AlarmName"])

    def delete_alarms(self, names: Sequence[str]) -> None:
        """Forget the names."""
        self.names = [name for name in self.names if name not in names]

    def alarms(self) -> list[Record]:
        """The alarms."""
        return [{"AlarmName": name} for name in self.names]


@pytest.fixture
def alarms() -> Alarms:
    """The account's alarms."""
    return Alarms()


class Fleet:
    """The number of instances of the one variant."""

    def __init__(self) -> None:
        self.instances = 0

    def resize(self, _: str, count: int) -> None:
        """Set the number."""
        self.instances = count


@pytest.fixture
def fleet() -> Fleet:
    """The variant's instances."""
    return Fleet()


@pytest.fixture
def clock() -> TurnedClock:
    """The account's clock."""
    return TurnedClock()


@pytest.fixture
def service(alarms: Alarms, fleet: Fleet, clock: TurnedClock, tmp_path: Path) -> ApplicationAutoScaling:
    """The service of an account with one variant, of which 0 instances run."""
    fleets = Fleets(desired=lambda _: fleet.instances, settled=lambda _: True, resize=fleet.resize)
    return ApplicationAutoScaling(
        account="123456789012",
        region="us-east-1",
        variant_exists=lambda e, v: (e, v) == ("live", "AllTraffic"),
        scaler=Scaler(fleets, clock),
        alarms=alarms,
        clock=clock,
        durable=Durable(tmp_path),
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


def test_a_policy_keeps_its_arn_and_goes_with_its_target_and_its_alarms(
    service: ApplicationAutoScaling, alarms: Alarms
) -> None:
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
    kept = list(alarms.names)
    service.forget_endpoint("live")
    after = service.dispatch("DescribeScalingPolicies", {"ServiceNamespace": "sagemaker"})["ScalingPolicies"]

    assert len(arns) == 1
    assert [p["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] for p in before] == [2.0]
    assert [alarm["AlarmName"] for alarm in before[0]["Alarms"]] == kept
    assert len(kept) == 2
    assert (after, targets(service), alarms.names) == ([], [], [])


def test_an_alarm_whose_policy_is_gone_does_nothing(service: ApplicationAutoScaling) -> None:
    service.set_off("arn:gone", {"AlarmName": "old", "Threshold": 1.0}, 1.0)
    activities = service.dispatch("DescribeScalingActivities", {"ServiceNamespace": "sagemaker"})
    assert activities["ScalingActivities"] == []


def test_target_tracking_wants_one_metric(service: ApplicationAutoScaling) -> None:
    register(service)
    predefined = {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"}
    settings = {"TargetValue": 1.0, "PredefinedMetricSpecification": predefined}
    policy = {**PLACE, "PolicyName": "p", "PolicyType": "TargetTrackingScaling"}

    with pytest.raises(ServiceError, match="allows a CustomizedMetricSpecification of one metric"):
        service.dispatch("PutScalingPolicy", {**policy, "TargetTrackingScalingPolicyConfiguration": settings})


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


def scheduled(service: ApplicationAutoScaling, name: str, at: float, **limits: int) -> None:
    """Change the limits at a moment."""
    moment = datetime.fromtimestamp(at, UTC)
    once = f"cron({moment.minute} {moment.hour} {moment.day} {moment.month} ? {moment.year})"
    action = {**PLACE, "ScheduledActionName": name, "Schedule": once, "ScalableTargetAction": limits}
    service.dispatch("PutScheduledAction", action)


def test_scheduled_actions_change_the_limits_and_the_fleet_with_them(
    service: ApplicationAutoScaling, fleet: Fleet, clock: TurnedClock
) -> None:
    register(service)
    scheduled(service, "open", clock.now() + 120, MinCapacity=1)
    scheduled(service, "close", clock.now() + 240, MinCapacity=0, MaxCapacity=0)

    clock.turn(1)
    before = fleet.instances
    clock.turn(1)
    opened = (fleet.instances, targets(service)[0]["MinCapacity"])
    clock.turn(2)

    assert (before, opened, fleet.instances) == (0, (1, 1), 0)
    activities = service.dispatch("DescribeScalingActivities", {"ServiceNamespace": "sagemaker"})["ScalingActivities"]
    assert [activity["Cause"] for activity in activities] == [
        "scheduled action close changed the limits",
        "scheduled action open changed the limits",
    ]


def test_scheduled_actions_go_by_name_and_with_their_target(
    service: ApplicationAutoScaling, clock: TurnedClock
) -> None:
    register(service)
    for name in ("open", "close"):
        scheduled(service, name, clock.now(), MinCapacity=1)
    service.dispatch("DeleteScheduledAction", {**PLACE, "ScheduledActionName": "open"})
    described = {"ServiceNamespace": "sagemaker"}

    left = service.dispatch("DescribeScheduledActions", described)["ScheduledActions"]
    with pytest.raises(ServiceError, match="ObjectNotFoundException"):
        service.dispatch("DeleteScheduledAction", {**PLACE, "ScheduledActionName": "open"})
    with pytest.raises(ServiceError, match=r"Schedule: got 'rate\(5 minutes\)'"):
        service.dispatch("PutScheduledAction", {**PLACE, "ScheduledActionName": "close", "Schedule": "rate(5 minutes)"})
    service.forget_endpoint("live")

    assert [action["ScheduledActionName"] for action in left] == ["close"]
    assert service.dispatch("DescribeScheduledActions", described)["ScheduledActions"] == []


@pytest.mark.parametrize(
    ("text", "zone", "due"),
    [
        ("cron(30 8 ? * MON-FRI *)", None, True),
        ("cron(30 8 ? * SAT,SUN *)", None, False),
        ("cron(30 17 ? * THU *)", "Asia/Seoul", True),
        ("cron(30 8 ? * THU *)", "Asia/Seoul", False),
        ("cron(* * 26 NOV ? 2026)", None, True),
        ("cron(0-29 8 * * ? *)", None, False),
        ("at(2026-11-26T08:30:00)", None, True),
        ("at(2026-11-26T08:31:00)", None, False),
    ],
)
def test_a_schedule_is_read_in_its_time_zone(text: str, zone: str | None, due: bool) -> None:
    thursday = datetime(2026, 11, 26, 8, 30, tzinfo=UTC).timestamp()
    check(text)
    assert is_due(text, zone, thursday) == due

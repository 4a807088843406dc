"""Policies change the number of instances as Application Auto Scaling's guide says; the policies are the stage's own."""

from typing import Any

import pytest

from infra.components import scaling
from infra.settings.serving import Serving
from local.clock import TurnedClock
from local.errors import ServiceError, validation_error
from local.scaling.policies import check_tracked, tracking_alarms, wanted
from local.scaling.scaler import Fleets, Scaler

Record = dict[str, Any]
SERVING = Serving(
    instance="ml.m5.xlarge",
    upscaler=None,
    most_instances=3,
    backlog_per_instance=4,
    startup_seconds=300,
)
TARGET = {
    **scaling.scalable("endpoint/live/variant/AllTraffic"),
    **scaling.capacity(SERVING),
}
WAKE = {**TARGET, **scaling.wake_policy()}
SLEEP = {**TARGET, **scaling.sleep_policy(SERVING)}
BACKLOG = {**TARGET, **scaling.backlog_policy("live", SERVING), "PolicyARN": "arn:backlog"}
GOES_OFF = {"AlarmName": "an alarm", "Threshold": 1.0}


class Fleet:
    """One fleet; ``refuses`` is how it answers a change."""

    def __init__(self, instances: int) -> None:
        self.instances, self.refuses, self.there = instances, "", False

    def resize(self, _: str, count: int) -> None:
        if self.refuses:
            raise validation_error(self.refuses)
        self.instances = count


def scaler(fleet: Fleet, clock: TurnedClock) -> Scaler:
    """A scaler of the one fleet."""
    fleets = Fleets(desired=lambda _: fleet.instances, settled=lambda _: fleet.there, resize=fleet.resize)
    return Scaler(fleets, clock)


def test_a_wake_alarm_that_lasts_starts_one_instance_and_no_second() -> None:
    """It goes on calling its policy every minute for as long as the instance takes to come, beyond any cooldown."""
    fleet, clock = Fleet(0), TurnedClock()
    acting = scaler(fleet, clock)

    for _ in range(15):
        acting.act(TARGET, WAKE, GOES_OFF, 1.0)
        clock.turn(1)

    assert fleet.instances == 1
    assert len(acting.activities()) == 1


def test_one_more_at_each_call_would_have_started_a_second() -> None:
    fleet, clock = Fleet(0), TurnedClock()
    more = {**WAKE["StepScalingPolicyConfiguration"], "AdjustmentType": "ChangeInCapacity"}

    acting = scaler(fleet, clock)
    for _ in range(8):
        acting.act(TARGET, {**WAKE, "StepScalingPolicyConfiguration": more}, GOES_OFF, 1.0)
        clock.turn(1)

    assert fleet.instances == 2


@pytest.mark.parametrize(
    ("policy", "value", "current", "count"),
    [
        (BACKLOG, 9.0, 1, 3),
        (BACKLOG, 4.0, 2, 2),
        (BACKLOG, 0.0, 2, 0),
        (BACKLOG, None, 2, 2),
        (WAKE, 1.0, 0, 1),
        (SLEEP, 1.0, 3, 0),
    ],
)
def test_a_policy_wants_as_many_as_its_metric_calls_for(
    policy: Record, value: float | None, current: int, count: int
) -> None:
    assert wanted(policy, GOES_OFF, value, current) == count


@pytest.mark.parametrize(
    ("steps", "breach", "count"),
    [
        ([{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 100}], 0.5, 20),
        ([{"MetricIntervalUpperBound": 0, "ScalingAdjustment": -50}], -0.5, 5),
        ([{"MetricIntervalLowerBound": 5, "ScalingAdjustment": 1}], 1.0, 10),
    ],
)
def test_a_step_holds_for_its_interval(steps: list[Record], breach: float, count: int) -> None:
    settings = {"AdjustmentType": "PercentChangeInCapacity", "StepAdjustments": steps}
    policy = {**WAKE, "StepScalingPolicyConfiguration": settings}
    assert wanted(policy, GOES_OFF, 1.0 + breach, 10) == count


def test_a_predefined_metric_is_that_of_the_target_s_own_variant() -> None:
    policy = {**TARGET, **scaling.requests_policy(SERVING), "PolicyARN": "arn:requests"}
    high, low = tracking_alarms(policy)
    assert (high["MetricName"], high["Threshold"], low["Threshold"]) == ("ConcurrentRequestsPerModel", 4, 3.6)
    assert {each["Name"]: each["Value"] for each in high["Dimensions"]} == {
        "EndpointName": "live",
        "VariantName": "AllTraffic",
    }
    assert wanted(policy, GOES_OFF, 9.0, 1) == 3
    check_tracked(scaling.requests_policy(SERVING)["TargetTrackingScalingPolicyConfiguration"])
    with pytest.raises(ServiceError, match="the local cloud allows"):
        check_tracked({"TargetValue": 1, "PredefinedMetricSpecification": {"PredefinedMetricType": "Moonlight"}})


def test_growth_that_is_cooling_down_counts_as_part_of_what_is_wanted() -> None:
    fleet, clock = Fleet(1), TurnedClock()
    acting = scaler(fleet, clock)

    acting.act(TARGET, BACKLOG, GOES_OFF, 8.0)
    acting.act(TARGET, BACKLOG, GOES_OFF, 8.0)
    assert fleet.instances == 2
    clock.turn(scaling.SCALE_OUT_COOLDOWN_SECONDS // 60)
    acting.act(TARGET, BACKLOG, GOES_OFF, 8.0)
    assert fleet.instances == 3, "the most"


def test_a_fleet_does_not_shrink_twice_within_the_cooldown_and_stays_within_its_limits() -> None:
    fleet, clock = Fleet(3), TurnedClock()
    acting = scaler(fleet, clock)
    target = {**TARGET, "MinCapacity": 1}

    acting.act(target, BACKLOG, GOES_OFF, 2.5)
    acting.act(target, BACKLOG, GOES_OFF, 0.0)
    assert fleet.instances == 2
    clock.turn(scaling.SCALE_IN_COOLDOWN_SECONDS // 60)
    acting.act(target, BACKLOG, GOES_OFF, 0.0)
    assert fleet.instances == 1


def test_activities_say_what_was_tried_and_why() -> None:
    fleet, clock = Fleet(0), TurnedClock()
    acting = scaler(fleet, clock)

    fleet.refuses = "Cannot update in-progress endpoint"
    acting.act(TARGET, WAKE, GOES_OFF, 1.0)
    fleet.refuses = ""
    acting.act(TARGET, WAKE, GOES_OFF, 1.0)
    clock.turn(1)
    under_way = acting.activities("endpoint/live/variant/AllTraffic")[0]["StatusCode"]
    fleet.there = True
    clock.turn(1)
    succeeded, failed = acting.activities()

    assert (under_way, succeeded["StatusCode"], failed["StatusCode"]) == ("InProgress", "Successful", "Failed")
    assert succeeded["Cause"] == "monitor alarm an alarm in state ALARM triggered policy wake"
    assert succeeded["StatusMessage"].startswith("Successfully set desired instance count to 1. Change successfully")
    assert failed["StatusMessage"].endswith("Reason: Cannot update in-progress endpoint")
    assert acting.activities("endpoint/other/variant/AllTraffic") == []


def test_instances_that_did_not_come_are_asked_for_again() -> None:
    fleet, clock = Fleet(0), TurnedClock()
    acting = scaler(fleet, clock)

    acting.act(TARGET, WAKE, GOES_OFF, 1.0)
    clock.turn(scaling.STEP_COOLDOWN_SECONDS // 60)
    fleet.instances, fleet.there = 0, True
    clock.turn(1)
    acting.act(TARGET, WAKE, GOES_OFF, 1.0)
    clock.turn(1)

    assert [activity["StatusCode"] for activity in acting.activities()] == ["Successful", "Failed"]
    assert acting.activities()[1]["StatusMessage"].endswith("Change was not fulfilled by sagemaker.")


def test_target_tracking_makes_its_own_two_alarms() -> None:
    high, low = tracking_alarms(BACKLOG)
    assert (high["Threshold"], high["EvaluationPeriods"], high["ComparisonOperator"]) == (
        4.0,
        3,
        "GreaterThanThreshold",
    )
    assert (low["Threshold"], low["EvaluationPeriods"], low["ComparisonOperator"]) == (3.6, 15, "LessThanThreshold")
    for alarm in (high, low):
        assert alarm["AlarmName"].startswith("TargetTracking-endpoint/live/variant/AllTraffic-Alarm")
        assert alarm["AlarmActions"] == ["arn:backlog"]
        assert [d["Name"] for d in alarm["Dimensions"]] == ["EndpointName"]
    settings = {**BACKLOG["TargetTrackingScalingPolicyConfiguration"], "DisableScaleIn": True}
    assert len(tracking_alarms({**BACKLOG, "TargetTrackingScalingPolicyConfiguration": settings})) == 1

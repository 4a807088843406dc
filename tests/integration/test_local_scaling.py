"""An endpoint's fleet follows its queue, to zero and back, when the clock is turned: real servers, and the requests of every stage."""

import json
from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from infra.components import scaling
from local.cloud import LocalCloud
from local.sagemaker import metrics
from local.sagemaker.endpoints import INSTANCE_SECONDS
from tests.integration.local_endpoint import SERVING, answer, deploy, described, find, invoke
from tests.integration.local_toy import until

Record = dict[str, Any]
WAKE_MINUTES = scaling.WAKE_PERIODS * scaling.WAKE_PERIOD_SECONDS // 60
START_MINUTES = int(INSTANCE_SECONDS) // 60
TARGET = {"ServiceNamespace": "sagemaker", "ResourceId": "endpoint/live/variant/AllTraffic"}


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """A local cloud whose endpoint `live` scales from 0 to 2 instances. Each test leaves it at zero, the first finds it with one."""
    folder = tmp_path_factory.mktemp("scaling")
    with LocalCloud(folder / "run") as started:
        deploy(started, folder)
        yield started


def instances(cloud: LocalCloud) -> tuple[int, int]:
    """How many instances there are, and how many are wanted."""
    (variant,) = described(cloud)["ProductionVariants"]
    return variant["CurrentInstanceCount"], variant["DesiredInstanceCount"]


def activities(cloud: LocalCloud, status: str = "Successful") -> list[str]:
    """The policies by which scaling has done something that ended so, the oldest first."""
    found = cloud.client("application-autoscaling").describe_scaling_activities(**TARGET)["ScalingActivities"]
    return [a["Cause"].rpartition(" ")[2] for a in reversed(found) if a["StatusCode"] == status]


def alarm_state(cloud: LocalCloud, name: str) -> str:
    """The state of an alarm."""
    (found,) = cloud.client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return str(found["StateValue"])


def test_the_fleet_goes_to_zero_and_a_request_wakes_exactly_one_instance(cloud: LocalCloud) -> None:
    awake = answer(cloud, invoke(cloud, {}))
    cloud.turn_clock(scaling.EMPTY_MINUTES)
    assert instances(cloud) == (0, 0)
    until(lambda: not psutil.pid_exists(awake["pid"]), cloud)

    queued = invoke(cloud, {"prompt": "later"})
    cloud.turn_clock(WAKE_MINUTES - 1)
    assert instances(cloud) == (0, 0)
    cloud.turn_clock(1)
    assert instances(cloud) == (0, 1)
    assert described(cloud)["EndpointStatus"] == "Updating"
    cloud.turn_clock(START_MINUTES - 1)
    assert alarm_state(cloud, "wake") == "ALARM"
    assert find(cloud, queued["OutputLocation"]) is None
    cloud.turn_clock(1)

    assert answer(cloud, queued)["echo"] == {"prompt": "later"}
    assert instances(cloud) == (1, 1)
    assert activities(cloud) == ["backlog", "wake"]
    assert activities(cloud, "Failed") == []
    cloud.turn_clock(scaling.EMPTY_MINUTES)
    assert alarm_state(cloud, "wake") == "OK"
    assert instances(cloud) == (0, 0)


def test_a_queue_that_grows_gets_a_second_server_and_none_when_it_is_empty(cloud: LocalCloud) -> None:
    queued = [invoke(cloud, {"seconds": 0.7, "number": number}) for number in range(8)]
    cloud.turn_clock(WAKE_MINUTES + START_MINUTES)
    assert instances(cloud) == (1, 1)
    cloud.turn_clock(3)
    assert instances(cloud) == (1, 2)
    cloud.turn_clock(START_MINUTES)
    assert instances(cloud) == (2, 2)

    answers = [answer(cloud, item) for item in queued]

    assert {found["echo"]["number"] for found in answers} == set(range(8))
    assert len({found["pid"] for found in answers}) == 2
    cloud.turn_clock(scaling.EMPTY_MINUTES)
    assert instances(cloud) == (0, 0)


def test_a_quota_keeps_the_second_server_away_and_the_first_goes_on(cloud: LocalCloud) -> None:
    cloud.faults.set_quotas({f"{SERVING.instance} for endpoint usage": 1})
    queued = [invoke(cloud, {"seconds": 0.5}) for _ in range(6)]

    cloud.turn_clock(WAKE_MINUTES + START_MINUTES + 3)

    assert instances(cloud) == (1, 1)
    assert set(activities(cloud, "Failed")) == {"backlog"}
    assert len({answer(cloud, item)["pid"] for item in queued}) == 1
    cloud.faults.set_quotas({})
    cloud.turn_clock(scaling.EMPTY_MINUTES)
    assert instances(cloud) == (0, 0)


def test_an_instance_that_aws_did_not_have_is_asked_for_again(cloud: LocalCloud) -> None:
    cloud.faults.use_up(SERVING.instance)
    queued = invoke(cloud, {"prompt": "patience"})
    cloud.turn_clock(WAKE_MINUTES + START_MINUTES - 1)
    assert instances(cloud) == (0, 1)
    cloud.turn_clock(1)
    assert activities(cloud, "Failed")[-1] == "wake"
    assert "InsufficientInstanceCapacity" in described(cloud)["FailureReason"]

    cloud.faults.restock(SERVING.instance)
    cloud.turn_clock(START_MINUTES + 1)

    assert answer(cloud, queued)["echo"] == {"prompt": "patience"}
    cloud.turn_clock(scaling.EMPTY_MINUTES)
    assert instances(cloud) == (0, 0)


def test_an_update_starts_an_instance_though_the_target_is_at_zero(cloud: LocalCloud) -> None:
    sagemaker = cloud.client("sagemaker")
    config = sagemaker.describe_endpoint_config(EndpointConfigName=described(cloud)["EndpointConfigName"])
    members = {name: config[name] for name in ("ProductionVariants", "AsyncInferenceConfig")}
    sagemaker.create_endpoint_config(EndpointConfigName="next", **members)

    sagemaker.update_endpoint(EndpointName="live", EndpointConfigName="next")
    until(lambda: described(cloud)["EndpointStatus"] == "InService", cloud)

    assert (described(cloud)["EndpointConfigName"], instances(cloud)) == ("next", (1, 1))
    assert answer(cloud, invoke(cloud, {"after": "update"}))["echo"] == {"after": "update"}
    cloud.turn_clock(scaling.EMPTY_MINUTES)
    assert instances(cloud) == (0, 0)


def test_requests_expire_in_a_queue_that_nobody_serves(cloud: LocalCloud) -> None:
    wake = cloud.client("cloudwatch")
    wake.disable_alarm_actions(AlarmNames=["wake"])
    queued = invoke(cloud, {}, RequestTTLSeconds=120)

    cloud.turn_clock(3)

    reason = until(lambda: find(cloud, queued["FailureLocation"]), cloud)
    assert b"expired in the queue" in reason
    until(lambda: published(cloud, "ExpiredRequests"), cloud)
    assert alarm_state(cloud, "wake") == "ALARM"
    wake.enable_alarm_actions(AlarmNames=["wake"])
    cloud.turn_clock(3)
    assert instances(cloud) == (0, 0)


def published(cloud: LocalCloud, name: str) -> list[list[str]]:
    """The names of the dimensions with which there is a metric."""
    found = cloud.client("cloudwatch").list_metrics(MetricName=name)["Metrics"]
    return [sorted(dimension["Name"] for dimension in metric["Dimensions"]) for metric in found]


def test_the_metrics_have_the_dimensions_that_sagemaker_gives_them(cloud: LocalCloud) -> None:
    for name in metrics.OF_THE_ENDPOINT:
        assert published(cloud, name) == [["EndpointName"]], name
    answered = ("ModelLatency", "ResponseUploadLatency", "InvocationsProcessed", "TimeInBacklog", "TotalProcessingTime")
    for name in ("Invocation4XXErrors", "Invocation5XXErrors", "CPUUtilization", *answered):
        assert published(cloud, name) == [["EndpointName", "VariantName"]], name
    assert published(cloud, "InvocationFailures") == []


def test_a_fleet_that_target_tracking_leaves_awake_is_put_to_sleep_and_somebody_hears(cloud: LocalCloud) -> None:
    dimension = "sagemaker:variant:DesiredInstanceCount"
    cloud.client("application-autoscaling").delete_scaling_policy(
        PolicyName="backlog", ScalableDimension=dimension, **TARGET
    )
    queued = invoke(cloud, {})
    cloud.turn_clock(WAKE_MINUTES + START_MINUTES)
    answer(cloud, queued)
    cloud.client("sqs").purge_queue(QueueUrl=cloud.outputs("Toy")["Queue"])

    cloud.turn_clock(scaling.IDLE_HOURS * 60 - 1)
    assert instances(cloud) == (1, 1)
    cloud.turn_clock(10)

    assert instances(cloud) == (0, 0)
    assert activities(cloud)[-2:] == ["wake", "sleep"]
    assert "idle" in [message.get("AlarmName") for message in messages(cloud)]


def messages(cloud: LocalCloud) -> list[Record]:
    """What the topics' queue holds."""
    queue = cloud.outputs("Toy")["Queue"]

    def received() -> list[Record]:
        found = cloud.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=0)
        bodies = [json.loads(message["Body"]) for message in found.get("Messages", [])]
        return bodies if any("AlarmName" in body for body in bodies) else []

    return list(until(received, cloud))

"""The dedicated endpoint: created, updated, repeated, rolled back, and the run that waits for it."""

from typing import Any

import pytest

from atelier_ops.errors import EndpointBusyError, NameCollisionError
from atelier_ops.gateways.endpoints import EndpointState
from atelier_ops.logic.endpoint import (
    FAILED,
    ROLLED_BACK,
    roll_out,
    settle_endpoint,
    waiting,
)
from contracts.hosting import VARIANT, Hosting
from tests.unit.ops_fakes import NOW, MemoryEndpoints, MemoryRecords, MemoryTokens

NAME = "atelier-test-style-skirt"
HOSTING = Hosting(
    image_uri="123456789012.dkr.ecr.us-east-1.amazonaws.com/serve:1",
    role_arn="arn:aws:iam::123456789012:role/endpoint",
    key_arn="arn:aws:kms:us-east-1:123456789012:key/1",
    instance_type="ml.m5.xlarge",
    startup_seconds=600,
    concurrency=4,
    media_bucket="media",
    success_topic_arn="arn:aws:sns:us-east-1:123456789012:success",
    error_topic_arn="arn:aws:sns:us-east-1:123456789012:error",
    environment={"ATELIER_STYLES_URI": "s3://model/styles/", "OMP_NUM_THREADS": "1"},
)


def deploy(endpoints: MemoryEndpoints, version: int, hosting: Hosting = HOSTING) -> str:
    return roll_out(NAME, version, f"s3://model/styles/skirt/{version}/", hosting, endpoints)


def in_service(endpoints: MemoryEndpoints, config: str, **changes: Any) -> None:
    values: dict[str, Any] = {"name": NAME, "status": "InService", "config": config, "variant": VARIANT, "instances": 1}
    endpoints.endpoints[NAME] = EndpointState(**{**values, **changes})


def test_the_first_version_creates_the_endpoint() -> None:
    endpoints = MemoryEndpoints()
    config = deploy(endpoints, 1)
    assert endpoints.endpoints[NAME].config == config == f"{NAME}-v1"
    container = endpoints.models[config]["PrimaryContainer"]
    assert container["ModelDataSource"]["S3DataSource"]["S3Uri"] == "s3://model/styles/skirt/1/"
    assert container["Environment"] == {"ATELIER_STYLES_URI": "s3://model/styles/", "OMP_NUM_THREADS": "1"}


def test_the_configuration_is_the_stage_s_own() -> None:
    endpoints = MemoryEndpoints()
    config = endpoints.configs[deploy(endpoints, 1)]
    assert config == {"EndpointConfigName": f"{NAME}-v1", **HOSTING.endpoint_config(f"{NAME}-v1")}


def test_the_next_version_updates_it_behind_an_alarm() -> None:
    endpoints = MemoryEndpoints()
    in_service(endpoints, deploy(endpoints, 1))
    config = deploy(endpoints, 2)
    assert endpoints.endpoints[NAME].pending == config
    (alarm,) = endpoints.alarms
    (deployment,) = endpoints.deployments
    assert deployment["AutoRollbackConfiguration"] == {"Alarms": [{"AlarmName": alarm["AlarmName"]}]}
    assert {"Name": "EndpointName", "Value": NAME} in alarm["Dimensions"]
    assert deployment["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"]["Type"] == "ALL_AT_ONCE"
    assert endpoints.unscaled == []


def test_two_instances_or_more_get_a_canary() -> None:
    endpoints = MemoryEndpoints()
    in_service(endpoints, deploy(endpoints, 1), instances=2)
    deploy(endpoints, 2)
    routing = endpoints.deployments[0]["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"]
    assert routing["Type"] == "CANARY"
    assert routing["CanarySize"] == {"Type": "INSTANCE_COUNT", "Value": 1}


def test_another_instance_type_needs_the_scaling_target_gone() -> None:
    endpoints = MemoryEndpoints()
    in_service(endpoints, deploy(endpoints, 1))
    deploy(endpoints, 2, HOSTING.model_copy(update={"instance_type": "ml.m5.2xlarge"}))
    assert endpoints.unscaled == [(NAME, VARIANT)]


@pytest.mark.parametrize("status", ["Creating", "InService", "Failed"])
def test_repeating_the_same_version_changes_nothing(status: str) -> None:
    endpoints = MemoryEndpoints()
    config = deploy(endpoints, 1)
    in_service(endpoints, config, status=status)
    assert deploy(endpoints, 1) == config
    assert endpoints.deployments == []
    assert endpoints.deleted == []


def test_repeating_while_the_update_is_under_way_changes_nothing() -> None:
    endpoints = MemoryEndpoints()
    in_service(endpoints, deploy(endpoints, 1))
    deploy(endpoints, 2)
    deploy(endpoints, 2)
    assert len(endpoints.deployments) == 1


def test_another_change_under_way_is_waited_for() -> None:
    endpoints = MemoryEndpoints()
    deploy(endpoints, 1)
    with pytest.raises(EndpointBusyError, match="Creating"):
        deploy(endpoints, 2)


@pytest.mark.parametrize("status", ["Failed", "UpdateRollbackFailed"])
def test_a_broken_endpoint_is_removed_and_made_anew(status: str) -> None:
    endpoints = MemoryEndpoints()
    in_service(endpoints, deploy(endpoints, 1), status=status, reason="ping health check")
    with pytest.raises(EndpointBusyError, match="ping health check"):
        deploy(endpoints, 2)
    assert endpoints.deleted == [NAME]
    assert endpoints.unscaled == [(NAME, VARIANT)]
    assert deploy(endpoints, 2) == endpoints.endpoints[NAME].config


def test_a_name_that_means_something_else_is_an_error_that_says_where() -> None:
    endpoints = MemoryEndpoints()
    deploy(endpoints, 1)
    with pytest.raises(NameCollisionError, match=r"PrimaryContainer\.Image.*serve:1.*serve:2"):
        deploy(endpoints, 1, HOSTING.model_copy(update={"image_uri": HOSTING.image_uri.replace(":1", ":2")}))
    with pytest.raises(NameCollisionError, match=r"ProductionVariants\[0\]\.InstanceType"):
        deploy(endpoints, 1, HOSTING.model_copy(update={"instance_type": "ml.m5.2xlarge"}))


def settled(status: str, config: str, reason: str = "") -> tuple[str, Any]:
    records, tokens = MemoryRecords(), MemoryTokens()
    records.put(waiting(NAME, "v2", "token", "run-1", int(NOW)))
    state = EndpointState(name=NAME, status=status, config=config, reason=reason, variant=VARIANT)
    settle_endpoint(NAME, state, records, tokens)
    settle_endpoint(NAME, state, records, tokens)
    return tokens.answers.get("token", ("waiting", None))


def test_in_service_with_the_new_configuration_is_success() -> None:
    assert settled("InService", "v2") == ("success", {"endpoint": NAME, "variant": VARIANT})


def test_in_service_with_the_old_configuration_was_rolled_back() -> None:
    error, cause = settled("InService", "v1")
    assert error == ROLLED_BACK
    assert "v1" in cause
    assert "v2" in cause


@pytest.mark.parametrize("status", ["Failed", "UpdateRollbackFailed"])
def test_a_failed_endpoint_tells_its_reason(status: str) -> None:
    assert settled(status, "v2", "did not pass the ping health check") == (
        FAILED,
        f"endpoint {NAME}: got {status}: did not pass the ping health check",
    )


@pytest.mark.parametrize("status", ["Creating", "Updating", "RollingBack"])
def test_under_way_means_waiting(status: str) -> None:
    assert settled(status, "v1")[0] == "waiting"


def test_an_endpoint_that_somebody_deleted_fails_the_run() -> None:
    records, tokens = MemoryRecords(), MemoryTokens()
    records.put(waiting(NAME, "v2", "token", "run-1", int(NOW)))
    settle_endpoint(NAME, None, records, tokens)
    assert tokens.answers["token"][0] == FAILED


def test_an_event_nobody_waits_for_is_ignored() -> None:
    state = EndpointState(name=NAME, status="InService", config="v2")
    assert "no run waits" in settle_endpoint(NAME, state, MemoryRecords(), MemoryTokens())

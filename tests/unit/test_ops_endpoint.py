"""The dedicated endpoint of a version: created, repeated, removed, and the run that waits for it."""

from typing import Any

import pytest

from atelier_ops.errors import EndpointBusyError, NameCollisionError
from atelier_ops.gateways.endpoints import EndpointState
from atelier_ops.logic.endpoint import (
    FAILED,
    make_endpoint,
    remove_endpoint,
    settle_endpoint,
    waiting,
)
from contracts.hosting import UPSCALER_URI, VARIANT, Hosting, alarm_names
from contracts.vpc import VpcConfig
from tests.unit.ops_fakes import NOW, MemoryEndpoints, MemoryRecords, MemoryTokens

NAME = "atelier-test-style-skirt-v1"
HOSTING = Hosting(
    image_uri="123456789012.dkr.ecr.us-east-1.amazonaws.com/serve:1",
    base_uri="s3://model/base/tiny@v1/",
    role_arn="arn:aws:iam::123456789012:role/endpoint",
    key_arn="arn:aws:kms:us-east-1:123456789012:key/1",
    instance_type="ml.m5.xlarge",
    startup_seconds=600,
    concurrency=4,
    media_bucket="media",
    success_topic_arn="arn:aws:sns:us-east-1:123456789012:success",
    error_topic_arn="arn:aws:sns:us-east-1:123456789012:error",
    environment={"ATELIER_STYLES_URI": "s3://model/styles/", "OMP_NUM_THREADS": "1"},
    tags={"atelier:stage": "test"},
)


def deploy(endpoints: MemoryEndpoints, hosting: Hosting = HOSTING, *, task: str = "inpaint") -> None:
    make_endpoint(NAME, task, "s3://model/styles/skirt/1/", hosting, endpoints)


def becomes(endpoints: MemoryEndpoints, status: str, reason: str = "") -> None:
    endpoints.endpoints[NAME] = EndpointState(name=NAME, status=status, reason=reason, variant=VARIANT)


def test_a_version_gets_an_endpoint_whose_parts_have_its_name() -> None:
    endpoints = MemoryEndpoints()
    deploy(endpoints)
    assert endpoints.endpoints[NAME].status == "Creating"
    container = endpoints.models[NAME]["PrimaryContainer"]
    assert container["ModelDataSource"]["S3DataSource"]["S3Uri"] == "s3://model/styles/skirt/1/"
    assert container["Environment"] == {"ATELIER_STYLES_URI": "s3://model/styles/", "OMP_NUM_THREADS": "1"}
    assert endpoints.configs[NAME] == {"EndpointConfigName": NAME, **HOSTING.endpoint_config(NAME)}
    assert endpoints.tagged == [(NAME, HOSTING.tags)] * 3
    assert "VpcConfig" not in endpoints.models[NAME]


def test_an_upscalers_version_is_beside_the_stages_base_model_in_place_of_its_upscaler() -> None:
    endpoints, stages_own = MemoryEndpoints(), {UPSCALER_URI: "s3://model/base/x4@v1/"}
    hosting = HOSTING.model_copy(update={"environment": {**HOSTING.environment, **stages_own}})
    deploy(endpoints, hosting, task="upscale")
    container = endpoints.models[NAME]["PrimaryContainer"]
    assert container["ModelDataSource"]["S3DataSource"]["S3Uri"] == HOSTING.base_uri
    assert container["Environment"] == {**HOSTING.environment, UPSCALER_URI: "s3://model/styles/skirt/1/"}


def test_in_a_stage_with_a_network_a_version_s_containers_are_in_it_too() -> None:
    endpoints, network = MemoryEndpoints(), VpcConfig(subnets=["subnet-1", "subnet-2"], security_groups=["sg-1"])
    deploy(endpoints, HOSTING.model_copy(update={"network": network}))
    assert endpoints.models[NAME]["VpcConfig"] == {
        "SecurityGroupIds": ["sg-1"],
        "Subnets": ["subnet-1", "subnet-2"],
    }
    with pytest.raises(
        NameCollisionError, match=r"VpcConfig.SecurityGroupIds\[0\]: exists with 'sg-1'; asked for 'sg-2'"
    ):
        deploy(
            endpoints, HOSTING.model_copy(update={"network": network.model_copy(update={"security_groups": ["sg-2"]})})
        )


@pytest.mark.parametrize("status", ["Creating", "InService", "SystemUpdating"])
def test_repeating_it_changes_nothing(status: str) -> None:
    endpoints = MemoryEndpoints()
    deploy(endpoints)
    becomes(endpoints, status)
    deploy(endpoints)
    assert endpoints.endpoints[NAME].status == status
    assert endpoints.deleted == []


def test_one_that_is_being_removed_is_waited_for() -> None:
    endpoints = MemoryEndpoints()
    becomes(endpoints, "Deleting")
    with pytest.raises(EndpointBusyError, match="Deleting"):
        deploy(endpoints)
    assert endpoints.deleted == []


@pytest.mark.parametrize("status", ["Failed", "OutOfService", "UpdateRollbackFailed"])
def test_a_broken_endpoint_is_removed_and_made_anew(status: str) -> None:
    endpoints = MemoryEndpoints()
    deploy(endpoints)
    becomes(endpoints, status, "ping health check")
    with pytest.raises(EndpointBusyError, match="ping health check"):
        deploy(endpoints)
    assert endpoints.deleted == [NAME]
    deploy(endpoints)
    assert endpoints.endpoints[NAME].status == "Creating"


@pytest.mark.parametrize("status", ["InService", "Failed"])
def test_removing_leaves_nothing(status: str) -> None:
    endpoints = MemoryEndpoints()
    deploy(endpoints)
    becomes(endpoints, status)
    remove_endpoint(NAME, endpoints)
    assert (endpoints.endpoints, endpoints.configs, endpoints.models) == ({}, {}, {})
    assert endpoints.unscaled == [(NAME, VARIANT)]
    assert endpoints.alarms_deleted == alarm_names(NAME)


def test_what_a_rollout_has_made_before_its_endpoint_was_refused_goes_too() -> None:
    """A quota refuses the endpoint after its model and configuration are there."""
    endpoints = MemoryEndpoints()
    deploy(endpoints)
    del endpoints.endpoints[NAME]
    remove_endpoint(NAME, endpoints)
    remove_endpoint(NAME, endpoints)
    assert (endpoints.configs, endpoints.models) == ({}, {})


def test_one_that_is_being_created_cannot_be_removed_yet() -> None:
    endpoints = MemoryEndpoints()
    deploy(endpoints)
    with pytest.raises(EndpointBusyError, match="Creating"):
        remove_endpoint(NAME, endpoints)
    assert NAME in endpoints.models


def test_one_that_is_being_deleted_already_loses_the_rest() -> None:
    endpoints = MemoryEndpoints()
    deploy(endpoints)
    becomes(endpoints, "Deleting")
    remove_endpoint(NAME, endpoints)
    assert (endpoints.deleted, endpoints.models) == ([], {})


def test_a_name_that_means_something_else_is_an_error_that_says_where() -> None:
    endpoints = MemoryEndpoints()
    deploy(endpoints)
    with pytest.raises(NameCollisionError, match=r"PrimaryContainer\.Image.*serve:1.*serve:2"):
        deploy(endpoints, HOSTING.model_copy(update={"image_uri": HOSTING.image_uri.replace(":1", ":2")}))
    with pytest.raises(NameCollisionError, match=r"ProductionVariants\[0\]\.InstanceType"):
        deploy(endpoints, HOSTING.model_copy(update={"instance_type": "ml.m5.2xlarge"}))


def settled(state: EndpointState | None) -> tuple[str, Any]:
    """What the waiting run is told, once, however often the event comes."""
    records, tokens = MemoryRecords(), MemoryTokens()
    records.put(waiting(NAME, "token", "run-1", int(NOW)))
    settle_endpoint(NAME, state, records, tokens)
    settle_endpoint(NAME, state, records, tokens)
    return tokens.answers.get("token", ("waiting", None))


def state_of(status: str, reason: str = "") -> EndpointState:
    return EndpointState(name=NAME, status=status, reason=reason, variant=VARIANT)


def test_in_service_is_success() -> None:
    assert settled(state_of("InService")) == ("success", {"variant": VARIANT})


@pytest.mark.parametrize("status", ["Failed", "UpdateRollbackFailed", "OutOfService"])
def test_a_failed_endpoint_tells_its_reason(status: str) -> None:
    assert settled(state_of(status, "did not pass the ping health check")) == (
        FAILED,
        f"endpoint {NAME}: got {status}: did not pass the ping health check",
    )


@pytest.mark.parametrize("status", ["Creating", "Updating", "RollingBack"])
def test_under_way_means_waiting(status: str) -> None:
    assert settled(state_of(status))[0] == "waiting"


def test_an_endpoint_that_somebody_deleted_fails_the_run() -> None:
    assert settled(None)[0] == FAILED


def test_an_event_nobody_waits_for_is_ignored() -> None:
    assert "no run waits" in settle_endpoint(NAME, state_of("InService"), MemoryRecords(), MemoryTokens())

"""``Prefer: wait``: a request is kept until its prediction has ended, as long as that can be, and not where it is of no use."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from atelier_ops.gateways.endpoints import EndpointState
from atelier_ops.logic.awake import SECONDS_KNOWN, SeenFleets
from tests.unit.ops_api import SHARED, Api
from tests.unit.ops_fakes import NOW, MemoryEndpoints
from tests.unit.test_ops_api_predictions import post
from tests.unit.test_ops_submission import notify


@pytest.fixture
def api() -> Api:
    api = Api()
    api.endpoints.endpoints[SHARED] = EndpointState(name=SHARED, status="InService", instances=1)
    return api


def answers(api: Api, after: int) -> None:
    """Let the answer come while a request has waited that many times."""

    def meanwhile() -> None:
        if len(api.pauses) == after:
            notify(api, 0, None)

    api.meanwhile = meanwhile


def test_a_post_that_waits_is_answered_as_soon_as_the_prediction_has_ended(api: Api) -> None:
    answers(api, after=4)
    answered = post(api, prefer="wait=10")
    assert (answered.status, answered.body["status"], len(answered.body["output"])) == (201, "succeeded", 1)
    assert answered.headers["Preference-Applied"] == "wait=10"
    assert len(api.pauses) == 4


@pytest.mark.parametrize(
    ("prefer", "longest"),
    [("wait", 25), ("wait=4", 4), ('respond-async, WAIT="7"', 7), ("wait=9000", 25), ("wait=0", 0)],
)
def test_nobody_is_kept_longer_than_he_likes_nor_than_api_gateway_lets_us(api: Api, prefer: str, longest: int) -> None:
    answered = post(api, prefer=prefer)
    assert (answered.status, answered.body["status"]) == (201, "starting")
    assert answered.headers["Preference-Applied"] == f"wait={longest}"
    assert max(0.0, longest - 1.5) <= sum(api.pauses) <= longest


@pytest.mark.parametrize("prefer", ["", "respond-async", "wait=soon", "wait=-1", "waiting"])
def test_preferences_that_nobody_knows_are_ignored(api: Api, prefer: str) -> None:
    answered = post(api, prefer=prefer)
    assert (answered.status, api.pauses, "Preference-Applied" in answered.headers) == (201, [], False)


def test_nobody_waits_for_an_endpoint_that_sleeps(api: Api) -> None:
    api.endpoints.endpoints[SHARED] = EndpointState(name=SHARED, status="InService", instances=0)
    answered = post(api, prefer="wait")
    assert (answered.status, answered.body["status"], api.pauses) == (201, "starting", [])


def test_an_endpoint_that_cannot_be_looked_at_is_waited_for(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(_: str) -> None:
        answer: Any = {"Error": {"Code": "ThrottlingException"}, "ResponseMetadata": {"HTTPStatusCode": 400}}
        raise ClientError(answer, "DescribeEndpoint")

    monkeypatch.setattr(api.endpoints, "state", busy)
    answers(api, after=1)
    assert post(api, prefer="wait").body["status"] == "succeeded"


def test_a_get_waits_too(api: Api) -> None:
    made = post(api).body["id"]
    answers(api, after=2)
    answered = api.call("GET", f"/v1/predictions/{made}", prefer="wait")
    assert (answered.status, answered.body["status"]) == (200, "succeeded")
    assert api.call("GET", f"/v1/predictions/{made}", prefer="wait").body["status"] == "succeeded"
    assert api.pauses == []


def test_what_is_canceled_and_deleted_meanwhile_ends_the_wait(api: Api) -> None:
    def meanwhile() -> None:
        api.records.items.clear()

    api.meanwhile = meanwhile
    answered = post(api, prefer="wait")
    assert (answered.status, len(api.pauses)) == (201, 1)


def test_an_endpoint_is_looked_at_once_in_a_while() -> None:
    fleets, endpoints = SeenFleets(), MemoryEndpoints()
    endpoints.endpoints["e"] = EndpointState(name="e", status="InService", instances=0)
    assert fleets.instances("e", endpoints, NOW) == 0
    endpoints.endpoints["e"] = EndpointState(name="e", status="InService", instances=2)
    assert fleets.instances("e", endpoints, NOW + SECONDS_KNOWN - 1) == 0
    assert fleets.instances("e", endpoints, NOW + SECONDS_KNOWN) == 2
    assert fleets.instances("gone", endpoints, NOW) is None

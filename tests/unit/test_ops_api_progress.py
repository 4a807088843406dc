"""What a prediction is that the model works on, by what the model server tells of it."""

import json
from typing import Any

import pytest

from atelier_ops.gateways.endpoints import EndpointState
from contracts.layout import progress_key
from contracts.running import RunningWork
from tests.unit.ops_api import SHARED, Api
from tests.unit.test_ops_api_predictions import post
from tests.unit.test_ops_submission import BUSY, notify


@pytest.fixture
def api() -> Api:
    return Api()


def tell(api: Api, prediction: str, done: int, total: int, *, ago: float = 0.0, seconds: float = 4.0) -> None:
    """Let the server have written that, so many seconds ago."""
    work = RunningWork(begun=api.now - ago - seconds, seconds=seconds, done=done, total=total)
    api.buckets.put("media", progress_key(prediction), json.dumps(work.to_json()).encode())


def get(api: Api, prediction: str) -> dict[str, Any]:
    return dict(api.call("GET", f"/v1/predictions/{prediction}").body)


def test_what_nobody_has_told_of_is_queued(api: Api) -> None:
    shown = get(api, post(api).body["id"])
    assert (shown["status"], shown["stage"], shown["started_at"]) == ("starting", "queued", None)


def test_running_work_tells_its_steps_and_the_time_that_is_left(api: Api) -> None:
    made = post(api).body["id"]
    api.now += 10
    tell(api, made, 8, 32, ago=3)
    shown = get(api, made)
    assert (shown["status"], shown["stage"]) == ("processing", "running")
    assert shown["started_at"] == "2027-01-15T08:00:03.000Z"
    assert shown["progress"] == {"percentage": 0.25, "current": 8, "total": 32}
    assert shown["eta_seconds"] == 9.0
    # tqdm's, out of which Replicate's client reads its ``progress``.
    assert shown["logs"] == " 25%|##        | 8/32\n"


@pytest.mark.parametrize(
    ("done", "total", "stage", "eta"),
    [(0, 32, "running", None), (32, 32, "storing", 0.0), (5, 0, "running", None)],
)
def test_the_first_and_the_last_step_and_work_of_unknown_length(
    api: Api, done: int, total: int, stage: str, eta: float | None
) -> None:
    made = post(api).body["id"]
    api.now += 10
    tell(api, made, done, total)
    shown = get(api, made)
    assert (shown["status"], shown["stage"], shown["eta_seconds"]) == ("processing", stage, eta)
    assert (shown["progress"] is None) == (total == 0)


def test_what_was_told_of_an_earlier_attempt_says_nothing(api: Api) -> None:
    made = post(api).body["id"]
    api.now += 30
    tell(api, made, 8, 32)
    notify(api, 0, BUSY)
    assert get(api, made)["stage"] == "queued"


def test_what_has_ended_is_done_whatever_was_told(api: Api) -> None:
    made = post(api).body["id"]
    api.now += 10
    tell(api, made, 8, 32)
    notify(api, 0, None)
    shown = get(api, made)
    assert (shown["status"], shown["stage"], shown["progress"]) == ("succeeded", "done", None)
    assert api.call("DELETE", f"/v1/predictions/{made}").status == 204
    assert ("media", progress_key(made)) not in api.buckets.objects


def test_an_endpoint_that_lost_its_instance_wakes_again(api: Api) -> None:
    made = post(api).body["id"]
    api.now += 10
    tell(api, made, 8, 32)
    api.endpoints.endpoints[SHARED] = EndpointState(name=SHARED, status="InService", instances=0)
    assert get(api, made)["stage"] == "waking"

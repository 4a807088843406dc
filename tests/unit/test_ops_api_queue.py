"""What an open prediction is told: its place, whether its endpoint wakes, and how long that usually takes here."""

from dataclasses import replace
from typing import Any

import pytest

from atelier_ops.gateways.endpoints import EndpointState
from atelier_ops.logic.prediction_watch import MOST_COUNTED
from atelier_ops.logic.wakes import MOST_KEPT, note_wake, usual_wake, wakes_key
from tests.unit.ops_api import SHARED, Api
from tests.unit.ops_fakes import NOW
from tests.unit.test_ops_api_predictions import post
from tests.unit.test_ops_submission import BUSY, notify


@pytest.fixture
def api() -> Api:
    return Api()


def instances(api: Api, count: int) -> None:
    api.endpoints.endpoints[SHARED] = EndpointState(name=SHARED, status="InService", instances=count)


def get(api: Api, prediction: str) -> dict[str, Any]:
    return dict(api.call("GET", f"/v1/predictions/{prediction}").body)


def wake(api: Api, seconds: float) -> None:
    """Let a request wake the endpoint, and its answer come after that long; work of 2 seconds among them."""
    instances(api, 0)
    post(api)
    api.now += seconds
    instances(api, 1)
    notify(api, len(api.inference.queue) - 1, None)


def test_the_place_in_the_queue_counts_who_asked_before_and_is_open(api: Api) -> None:
    made = list[str]()
    for _ in range(3):
        made.append(post(api).body["id"])
        api.now += 1
    assert [get(api, each)["queue_position"] for each in made] == [0, 1, 2]
    notify(api, 0, None)
    assert [get(api, each)["queue_position"] for each in made] == [None, 0, 1]
    api.call("POST", f"/v1/predictions/{made[1]}/cancel")
    assert get(api, made[2])["queue_position"] == 0


def test_who_asked_in_the_same_second_is_before_nobody(api: Api) -> None:
    assert [post(api).body["queue_position"] for _ in range(2)] == [0, 0]


def test_other_clients_count_too_and_far_places_are_told_as_far(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    post(api)
    api.now, api.key = api.now + 1, "key-2"
    assert post(api).body["queue_position"] == 1
    monkeypatch.setattr(api.records, "count", lambda *_: 400)
    assert post(api).body["queue_position"] == MOST_COUNTED


def test_what_has_ended_has_no_place(api: Api) -> None:
    made = post(api).body["id"]
    notify(api, 0, None)
    shown = get(api, made)
    assert (shown["stage"], shown["queue_position"], shown["eta_seconds"]) == ("done", None, None)


def test_where_no_wake_was_measured_that_is_said_with_the_stages_bound(api: Api) -> None:
    instances(api, 0)
    shown = post(api).body
    assert (shown["status"], shown["stage"], shown["eta_seconds"]) == ("starting", "waking", None)
    assert "no wake was measured here yet: once it has a machine, it may take 600 s to fetch the model" in shown["logs"]


def test_a_wake_is_learnt_from_and_told_to_the_next_ones(api: Api) -> None:
    for seconds in (402.0, 502.0, 302.0):
        wake(api, seconds)
        api.now += 9_000
    usual = usual_wake(SHARED, api.records)
    assert usual is not None
    assert (round(usual.seconds), usual.measured) == (402 - round(usual.work), 3)
    instances(api, 0)
    first = post(api).body
    assert first["eta_seconds"] == pytest.approx(usual.seconds + usual.work, abs=0.1)
    assert "usually 402 s, by the last 3 that were measured here" in first["logs"]
    api.now += 100
    second = post(api).body
    assert second["eta_seconds"] == pytest.approx(usual.seconds - 100 + 2 * usual.work, abs=0.1)
    api.now += 1_000
    late = get(api, first["id"])
    assert (late["eta_seconds"], late["logs"].strip().endswith("so this one is late")) == (None, True)


def test_one_wake_is_not_called_usual(api: Api) -> None:
    wake(api, 402.0)
    instances(api, 0)
    assert "the one wake that was measured here took 40" in post(api).body["logs"]


def test_only_the_first_of_those_that_wait_measures_a_wake(api: Api) -> None:
    instances(api, 0)
    post(api)
    api.now += 1
    second = post(api).body["id"]
    api.now += 400
    notify(api, 1, None)
    assert get(api, second)["status"] == "succeeded"
    assert usual_wake(SHARED, api.records) is None
    notify(api, 0, None)
    assert wakes_key(SHARED) in api.records.items


@pytest.mark.parametrize("how", ["awake", "failed", "canceled", "handed over again"])
def test_what_measures_no_wake(api: Api, how: str) -> None:
    instances(api, 1 if how == "awake" else 0)
    made = post(api).body["id"]
    api.now += 400
    if how == "canceled":
        api.call("POST", f"/v1/predictions/{made}/cancel")
    elif how == "handed over again":
        notify(api, 0, BUSY)
        notify(api, 1, None)
    else:
        notify(api, 0, {"error": {"type": "InvalidInputError", "message": "no"}} if how == "failed" else None)
    assert usual_wake(SHARED, api.records) is None


def test_the_newest_measurements_are_kept_each_once(api: Api) -> None:
    instances(api, 0)
    post(api)
    (record,) = api.predictions
    for number in range(MOST_KEPT + 3):
        another = replace(record, data={**record.data, "id": str(number)})
        for _ in range(2):
            note_wake(another, api.records, seconds=float(number), work=1.0, now=NOW)
    measured = api.records.items[wakes_key(SHARED)].data["measured"]
    assert [each["prediction"] for each in measured] == [str(number) for number in range(3, MOST_KEPT + 3)]

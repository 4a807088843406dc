"""Claim before work: however many ask, break off or repeat, a prediction's request is handed over by one, and ends once."""

import base64
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atelier_ops.errors import EndpointDeniedError
from atelier_ops.gateways.records import Record
from atelier_ops.logic import predictions, smoke
from atelier_ops.logic.http import ProblemError, Request
from atelier_ops.logic.late_answers import LATE, LONGEST_REFUSED, MOST_ATTEMPTS, reconcile
from atelier_ops.logic.notification import Outcome
from atelier_ops.logic.results import settle
from atelier_ops.logic.submission import CLAIM_SECONDS, OPEN, Ending, attempts, claimed, submit
from contracts.layout import S3Uri
from tests.unit.ops_api import CLIENTS, KEEP, Api
from tests.unit.ops_fakes import PNG

BODY = {"input": {"mode": "text_to_image", "prompt": "a skirt"}}
SWEEP = 900
ANSWER = {"images": [base64.b64encode(PNG).decode()], "output_format": "png", "seed": 7, "model": "tiny@v1"}
BUSY = {"error": {"type": "BusyError", "message": "the queue is full"}}


class Death(BaseException):
    """The process is gone: nothing after it is done, and nothing catches it."""


@pytest.fixture
def api() -> Api:
    return Api()


def post(api: Api, key: str = "k", body: Any = None) -> dict[str, Any]:
    """As the API does it, without the router, which answers one request at a time."""
    event = {
        "httpMethod": "POST",
        "path": "/v1/predictions",
        "headers": {"Content-Type": "application/json", "Idempotency-Key": key},
        "body": json.dumps(body or BODY),
        "requestContext": {"identity": {"apiKeyId": "key-1"}},
    }
    made: dict[str, Any] = json.loads(predictions.create(Request(event, CLIENTS), api.dependencies()).body or "")
    return made


def sweep(api: Api) -> None:
    reconcile(settling(api), KEEP, lambda: api.now, lambda: True)


def settling(api: Api) -> Ending:
    media = api.buckets.store("media")
    return Ending(records=api.records, media=media, inference=api.inference, tokens=api.tokens, due=api.due)


def only(api: Api) -> Record:
    (record,) = api.predictions
    return record


def before(obj: Any, name: str, act: Callable[[], None]) -> None:
    """Let ``act`` happen once, when the method is called and before it does anything."""
    original, acts = getattr(obj, name), [act]

    def method(*args: Any, **kwargs: Any) -> Any:
        if acts:
            acts.pop()()
        return original(*args, **kwargs)

    setattr(obj, name, method)


@pytest.mark.parametrize("moment", ["exchange", "put", "submit", "replace"])
def test_twelve_requests_with_one_key_are_one_prediction_and_one_job(api: Api, moment: str) -> None:
    """Eleven come while the first is at each of its writes in turn."""
    answered = list[dict[str, Any]]()
    owner = {"put": api.buckets, "submit": api.inference}.get(moment, api.records)
    before(owner, moment, lambda: answered.extend(post(api) for _ in range(11)))
    answered.append(post(api))
    assert {made["id"] for made in answered} == {only(api).data["id"]}
    assert {made["status"] for made in answered} == {"starting"}
    assert len(answered) == 12
    assert len(api.inference.queue) == 1


def test_of_two_bodies_with_one_key_the_second_is_refused_whatever_the_first_has_done(api: Api) -> None:
    def second() -> None:
        with pytest.raises(ProblemError, match="Idempotency-Key"):
            post(api, body={"input": {**BODY["input"], "seed": 1}})

    for owner, moment in ((api.buckets, "put"), (api.inference, "submit"), (api.records, "replace")):
        before(owner, moment, second)
    made = post(api)
    assert api.buckets.store("media").json(f"requests/{made['id']}.json").get("seed") is None


def test_a_refusal_leaves_nothing_where_nobody_was_told(api: Api) -> None:
    api.inference.down = True
    with pytest.raises(ProblemError, match="try again") as refused:
        post(api)
    assert (refused.value.status, refused.value.headers) == (503, {"Retry-After": "60"})
    assert (api.records.items, api.buckets.objects) == ({}, {})


def test_a_refusal_keeps_what_somebody_else_was_told_of_and_the_sweep_queues_it(api: Api) -> None:
    answered = list[dict[str, Any]]()
    before(api.inference, "submit", lambda: answered.append(post(api)))
    api.inference.down = True
    with pytest.raises(ProblemError, match="try again"):
        post(api)
    api.inference.down = False
    assert only(api).data["id"] == answered[0]["id"]
    api.now += SWEEP
    sweep(api)
    assert [name for _, _, name in api.inference.queue] == [answered[0]["id"]]
    assert attempts(only(api)) == 1


def test_a_throttled_repeat_takes_nothing_away_from_the_first(api: Api) -> None:
    """The first has been cut off where it may have been queued; the repeat takes its claim up, and is refused."""
    api.inference.mute = True
    made = post(api)
    api.now += CLAIM_SECONDS
    api.inference.down = True
    with pytest.raises(ProblemError, match="try again"):
        post(api)
    assert only(api).data["id"] == made["id"]
    notify(api, 0, None)
    assert only(api).status == "succeeded"


def test_who_is_slow_keeps_the_claim_while_it_holds_and_loses_it_for_good_then(api: Api) -> None:
    def meanwhile() -> None:
        api.now += CLAIM_SECONDS - 1
        api.call("GET", f"/v1/predictions/{only(api).data['id']}")
        sweep(api)
        assert api.inference.queue == []
        api.now += 1
        sweep(api)

    before(api.inference, "submit", meanwhile)
    name = post(api)["id"]
    assert [inference for _, _, inference in api.inference.queue] == [name, name]
    assert (attempts(only(api)), only(api).data["answer"]["output"]) == (2, f"s3://media/responses/1-of-{name}.out")


def test_an_endpoint_that_goes_on_refusing_ends_what_somebody_was_told_of(api: Api) -> None:
    before(api.inference, "submit", lambda: (post(api), None)[1])
    api.inference.down = True
    with pytest.raises(ProblemError):
        post(api)
    for _ in range(LONGEST_REFUSED // SWEEP + 1):
        assert only(api).status == "starting"
        api.now += SWEEP
        sweep(api)
    assert only(api).status == "failed"
    assert "send it again" in only(api).data["error"]


def test_an_endpoint_that_refuses_for_good_ends_it_at_once_and_promises_nothing(api: Api) -> None:
    before(api.inference, "submit", lambda: (post(api), None)[1])
    api.inference.denied = True
    with pytest.raises(EndpointDeniedError):
        post(api)
    api.now += SWEEP
    sweep(api)
    assert only(api).status == "failed"
    assert only(api).data["error"].endswith("an error of ours, which sending it again does not mend")


def test_a_denied_second_attempt_leaves_the_first_its_time(api: Api) -> None:
    api.inference.mute = True
    post(api)
    api.inference.denied = True
    api.now += SWEEP
    sweep(api)
    assert only(api).status == "starting"
    notify(api, 0, None)
    assert only(api).status == "succeeded"


def test_a_prediction_that_is_canceled_while_it_is_handed_over_leaves_no_request(api: Api) -> None:
    def cancel() -> None:
        made = only(api).data["id"]
        assert api.call("POST", f"/v1/predictions/{made}/cancel").body["status"] == "canceled"

    before(api.inference, "submit", cancel)
    assert post(api)["status"] == "canceled"
    assert api.buckets.store("media").names("requests/") == []


def notify(api: Api, run: int, failure: Any = None) -> str:
    """What SageMaker says of one of the runs that it took: a success, or the failure that its file holds."""
    name = api.inference.queue[run][2]
    place = f"failures/{run + 1}-of-{name}-error.out" if failure else f"responses/{run + 1}-of-{name}.out"
    api.buckets.objects["media", place] = json.dumps(failure or ANSWER).encode()
    api.buckets.hashes["media", place] = ""
    where = S3Uri(bucket="media", key=place)
    outcome = Outcome(inference_id=name, succeeded=True, output=where)
    if failure:
        outcome = Outcome(inference_id=name, succeeded=False, failure=where)
    return settle(outcome, settling(api), api.now)


def die_after(api: Api, writes: int, act: Callable[[], Any]) -> bool:
    """Do it as far as that many writes; says whether it was done whole."""
    objects: list[Any] = [*[api.records] * 4, api.buckets, api.buckets, api.inference]
    names = ("add", "exchange", "replace", "remove", "put", "drop", "submit")
    left = iter(range(writes))

    def limited(original: Any) -> Any:
        def method(*args: Any, **kwargs: Any) -> Any:
            if next(left, None) is None:
                raise Death
            return original(*args, **kwargs)

        return method

    for obj, name in zip(objects, names, strict=True):
        setattr(obj, name, limited(getattr(obj, name)))
    try:
        act()
    except Death:
        return False
    finally:
        for obj, name in zip(objects, names, strict=True):
            delattr(obj, name)
    return True


POST_WRITES = 4
"""The record, the request's object, the endpoint's queue, the record."""


@pytest.mark.parametrize("repair", ["get", "post", "sweep"])
@pytest.mark.parametrize("writes", range(POST_WRITES + 1))
def test_a_request_that_broke_off_between_two_writes_is_repaired(api: Api, writes: int, repair: str) -> None:
    assert die_after(api, writes, lambda: post(api)) == (writes == POST_WRITES)
    if not api.records.items:
        assert writes == 0
        return
    name = only(api).data["id"]
    api.now += SWEEP + CLAIM_SECONDS
    if repair == "get":
        api.call("GET", f"/v1/predictions/{name}")
    elif repair == "post":
        assert post(api)["id"] == name
    else:
        sweep(api)
    record, runs = only(api), len(api.inference.queue)
    if record.status == "failed":  # its body never came to S3, and whoever asks does not have it
        assert (runs, repair != "post", "send it again" in record.data["error"]) == (0, True, True)
        completed = record.data["completed_at"]
        api.now += 60
        assert api.call("GET", f"/v1/predictions/{name}").body["completed_at"] == completed
        return
    assert record.data["submitted"]
    assert 1 <= runs <= attempts(record)
    assert ("media", f"requests/{name}.json") in api.buckets.objects
    for run in range(runs):
        notify(api, run, None)
    assert only(api).status == "succeeded"


@pytest.mark.parametrize("failure", [None, BUSY], ids=["success", "resubmission"])
@pytest.mark.parametrize("writes", range(4))
def test_a_notification_that_broke_off_between_two_writes_is_repaired(api: Api, writes: int, failure: Any) -> None:
    post(api)
    die_after(api, writes, lambda: notify(api, 0, failure))
    for _ in range(2):
        api.now += SWEEP
        sweep(api)
    record = only(api)
    if failure:
        assert record.data["submitted"]
        assert 2 <= len(api.inference.queue) <= attempts(record) <= MOST_ATTEMPTS
        notify(api, len(api.inference.queue) - 1, None)
    assert only(api).status == "succeeded"
    assert api.buckets.store("media").names("outputs/") == [f"outputs/{record.data['id']}/0.png"]


def test_what_has_no_room_in_memory_is_not_tried_again(api: Api) -> None:
    post(api)
    words = "pictures: got '1 of 2048x2048 pixels'; allowed: smaller pictures"
    notify(api, 0, {"error": {"type": "OutOfMemoryError", "message": words}})
    assert (only(api).status, only(api).data["error"]) == ("failed", f"OutOfMemoryError: {words}")
    assert len(api.inference.queue) == attempts(only(api)) == 1


def test_a_failure_of_the_server_is_tried_once_more_and_one_of_the_request_is_not(api: Api) -> None:
    post(api)
    assert "once more" in notify(api, 0, BUSY)
    assert "earlier attempt" in notify(api, 0, BUSY)
    assert only(api).status == "starting"
    notify(api, 1, BUSY)
    assert (only(api).status, only(api).data["error"]) == ("failed", "BusyError: the queue is full")
    assert len(api.inference.queue) == attempts(only(api)) == 2
    post(api, "other")
    notify(api, 2, {"error": {"type": "InvalidInputError", "message": "no"}})
    assert len(api.inference.queue) == 3


def test_a_success_of_an_earlier_attempt_counts_and_stops_the_later_one(api: Api) -> None:
    name = post(api)["id"]
    notify(api, 0, BUSY)
    notify(api, 0, None)
    assert only(api).status == "succeeded"
    assert ("media", f"requests/{name}.json") not in api.buckets.objects


def test_a_success_of_an_earlier_attempt_whose_notification_was_lost_is_found(api: Api) -> None:
    name = post(api)["id"]
    notify(api, 0, BUSY)
    place = only(api).data["earlier"][0]["output"].removeprefix("s3://media/")
    api.buckets.put("media", place, json.dumps(ANSWER).encode())
    api.now += LATE
    assert api.call("GET", f"/v1/predictions/{name}").body["status"] == "succeeded"


def test_the_answer_of_a_deleted_prediction_is_none_of_one_that_got_its_id_again(api: Api) -> None:
    name = post(api)["id"]
    for method, path in (("POST", "/cancel"), ("DELETE", "")):
        api.call(method, f"/v1/predictions/{name}{path}")
    assert post(api, body={"input": {**BODY["input"], "prompt": "another"}})["id"] == name
    for failure in (None, {"error": {"type": "InvalidInputError", "message": "no"}}):
        notify(api, 0, failure)
        assert (only(api).status, api.buckets.store("media").names("outputs/")) == ("starting", [])
    notify(api, 1, None)
    assert only(api).status == "succeeded"


def test_nothing_is_left_of_a_deleted_prediction_whose_queueing_was_unclear(api: Api) -> None:
    api.inference.mute = True
    name = post(api)["id"]
    notify(api, 0, None)
    assert api.call("DELETE", f"/v1/predictions/{name}").status == 204
    assert (api.buckets.objects, api.records.items) == ({}, {})


def test_a_smoke_test_is_tried_once_more_too_and_then_fails_its_run(api: Api) -> None:
    dependencies = settling(api)
    record = claimed(smoke.waiting("smoke-1", "token", "run-1", "shared", api.now, {"seed": 0}), api.now)
    api.records.put(record)
    submit(record, dependencies, api.now)
    notify(api, 0, BUSY)
    assert [body for _, body, _ in api.inference.queue] == ['{"seed": 0}'] * 2
    assert not api.buckets.store("media").names("requests/")  # nobody can cancel it, so its request is no object
    assert "goes on" in notify(api, 1, BUSY)
    assert api.records.items == {}


CALLS = ["get", "post", "sweep", "cancel", "mute", "loud", "down", "up", "later"]
EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("notify"), st.integers(0, 2), st.sampled_from([None, BUSY, BUSY])),
        st.tuples(st.sampled_from(CALLS), st.just(0), st.none()),
    ),
    max_size=14,
)


@given(events=EVENTS)
@settings(max_examples=80, deadline=None)
def test_whatever_order_the_events_come_in_a_prediction_ends_once(events: list[tuple[str, int, Any]]) -> None:
    """Doubled, late and reordered notifications, an endpoint that refuses or whose answers get lost, asking and canceling in between."""
    api = Api()
    name, ended = post(api)["id"], ""
    for kind, run, failure in [*events, ("loud", 0, None), ("up", 0, None)]:
        _happen(api, name, kind, run, failure)
        status = only(api).status
        assert not ended or status == ended, "an end is for good"
        ended = "" if status in OPEN else status
        assert len(api.inference.queue) <= attempts(only(api)) <= MOST_ATTEMPTS
    for _ in range(3):  # what is left is repaired, and every run of the model says how it went
        api.now += SWEEP
        sweep(api)
        for run in range(len(api.inference.queue)):
            notify(api, run, None)
    assert only(api).status == (ended or only(api).status)
    assert only(api).status not in OPEN
    assert ("media", f"requests/{name}.json") not in api.buckets.objects


def _happen(api: Api, name: str, kind: str, run: int, failure: Any) -> None:
    if kind == "notify" and run < len(api.inference.queue):
        notify(api, run, failure)
    elif kind in ("mute", "loud"):
        api.inference.mute = kind == "mute"
    elif kind in ("down", "up"):
        api.inference.down = kind == "down"
    elif kind == "later":
        api.now += CLAIM_SECONDS
    elif kind == "sweep":
        sweep(api)
    elif kind == "post":
        with suppress(ProblemError):
            post(api)
    elif kind in ("get", "cancel"):
        method, path = ("GET", "") if kind == "get" else ("POST", "/cancel")
        api.call(method, f"/v1/predictions/{name}{path}")

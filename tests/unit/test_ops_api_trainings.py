"""Trainings over HTTP: an execution of the state machine in Replicate's words."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from atelier_ops.gateways.workflow import StateEvent
from tests.unit.ops_api import Answered, Api
from tests.unit.ops_fakes import NOW, PNG, MemoryExecutions, execution
from tests.unit.ops_stage import put_dataset

INPUT = {"dataset": "datasets/skirt/", "target": "a skirt"}
START = datetime.fromtimestamp(NOW, UTC)


@pytest.fixture
def api() -> Api:
    api = Api()
    put_dataset(api.buckets, "skirt")
    return api


def post(api: Api, destination: str = "brand/skirt", headers: dict[str, str] | None = None, **changes: Any) -> Answered:
    body = {"destination": destination, "input": {**INPUT, **changes}}
    return api.call("POST", "/v1/trainings", body, None, **(headers or {}))


def get(api: Api, name: str) -> dict[str, Any]:
    answered = api.call("GET", f"/v1/trainings/{name}")
    assert answered.status == 200
    return dict(answered.body)


def event(state: str, second: float, *, entered: bool, kind: str = "Task", **more: Any) -> StateEvent:
    return StateEvent(state=state, kind=kind, entered=entered, at=START + timedelta(seconds=second), **more)


@pytest.mark.parametrize("destination", ["skirt", "brand/skirt"])
def test_a_training_starts_an_execution(api: Api, destination: str) -> None:
    answered = post(api, destination)
    assert answered.status == 201
    made = answered.body
    address = {"dataset": "s3://data/datasets/skirt/"}
    assert api.executions.started[made["id"]].input == {"style": "skirt", **INPUT, **address}
    assert made["input"] == {"style": "skirt", **INPUT}
    assert made["id"].startswith("training-")
    assert (made["status"], made["stage"], made["model"], made["output"]) == ("starting", None, "skirt", None)
    assert made["urls"]["get"].endswith(f"/live/v1/trainings/{made['id']}")


@pytest.mark.parametrize(
    ("dataset", "more", "words"),
    [
        ("datasets/nothing/", {}, "pictures directly in the dataset: got 0; allowed: 4 to 500"),
        ("datasets/", {}, "datasets/STYLE/"),
        ("runs/skirt/", {}, "datasets/STYLE/"),
        ("s3://data/datasets/skirt/", {}, "datasets/STYLE/"),
        ("datasets/skirt", {"masks/z.png": PNG, "Captions.jsonl": b"{}"}, "2 problems"),
    ],
)
def test_what_a_datasets_names_show_is_422_and_starts_nothing(
    api: Api, dataset: str, more: dict[str, bytes], words: str
) -> None:
    for name, body in more.items():
        api.buckets.put("data", f"datasets/skirt/{name}", body)
    answered = post(api, dataset=dataset)
    assert (answered.status, words in answered.body["detail"]) == (422, True)
    assert api.executions.started == {}


def test_a_training_without_an_instance_prompt_anywhere_is_422(api: Api) -> None:
    del api.buckets.objects["data", "datasets/skirt/dataset_info.json"]
    answered = post(api)
    assert (answered.status, answered.body["what"]) == (422, "input.instance_prompt")
    assert "in the input or in s3://…/datasets/skirt/dataset_info.json" in answered.body["allowed"]
    assert post(api, instance_prompt="a photo of sks skirt").status == 201


def test_a_training_is_found_again_when_its_dataset_is_gone(api: Api) -> None:
    key = {"Idempotency_Key": "k"}
    made = post(api, headers=key).body
    api.buckets.objects.clear()
    assert post(api, headers=key).body["id"] == made["id"]
    assert post(api).status == 422


def test_a_training_that_cannot_be_found_yet_is_starting(api: Api) -> None:
    class Young(MemoryExecutions):
        def describe(self, name: str) -> None:
            return None

    api.executions = Young()
    answered = post(api)
    assert (answered.status, answered.body["status"]) == (201, "starting")
    assert answered.body["created_at"] == "2027-01-15T08:00:00.000Z"


def test_the_same_key_and_input_start_one_execution(api: Api) -> None:
    key = {"Idempotency_Key": "k"}
    one, two = post(api, headers=key), post(api, headers=key)
    assert one.body["id"] == two.body["id"]
    assert len(api.executions.started) == 1


def test_a_key_whose_execution_is_not_found_yet_is_to_be_asked_for_again(api: Api, monkeypatch: Any) -> None:
    """Step Functions says that the name is taken, and does not find it for a moment: whose it is, nobody knows."""
    post(api, headers={"Idempotency_Key": "k"})
    monkeypatch.setattr(api.executions, "describe", lambda _: None)
    refused = post(api, headers={"Idempotency_Key": "k"}, method="full")
    assert (refused.status, refused.headers["Retry-After"]) == (503, "2")


def test_the_same_key_finds_an_execution_that_has_ended(api: Api) -> None:
    made = post(api, headers={"Idempotency_Key": "k"}).body
    known = api.executions.started[made["id"]]
    api.executions.started[made["id"]] = execution(known.name, dict(known.input), status="SUCCEEDED", stopped=START)
    again = post(api, headers={"Idempotency_Key": "k"})
    assert (again.status, again.body["status"]) == (201, "succeeded")


def test_the_same_key_with_another_input_is_422(api: Api) -> None:
    post(api, headers={"Idempotency_Key": "k"})
    assert post(api, headers={"Idempotency_Key": "k"}, method="full").status == 422
    assert len(api.executions.started) == 1


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"traget": "x"}, "input: unknown key"),
        ({"method": "full", "deploy": "adapter"}, "input.deploy"),
        ({"hyperparameters": {"epochs": 0}}, "hyperparameters.epochs"),
        ({"style": "coat"}, "input.style"),
        ({"target": ""}, "input.target"),
        ({"commercial": "no"}, "input.commercial"),
    ],
)
def test_a_bad_input_is_422_and_starts_nothing(api: Api, changes: dict[str, Any], what: str) -> None:
    answered = post(api, **changes)
    assert answered.status == 422
    assert what in answered.body["what"]
    assert api.executions.started == {}


@pytest.mark.parametrize("destination", ["", "brand/", "Brand/Skirt", "skirt_1"])
def test_a_destination_must_name_a_style(api: Api, destination: str) -> None:
    assert post(api, destination).status == 422


def test_an_unknown_training_is_404(api: Api) -> None:
    assert api.call("GET", "/v1/trainings/nothing").status == 404


def test_a_running_training_tells_its_stage_and_what_came_before(api: Api) -> None:
    made = post(api).body
    api.executions.history = [
        event("Prepare", 0, entered=True),
        event("Prepare", 0.4, entered=False),
        event("Approval", 0.4, entered=True, kind="Choice"),
        event("Segment", 0.5, entered=True),
    ]
    shown = get(api, made["id"])
    assert (shown["status"], shown["stage"]) == ("processing", "Segment")
    assert shown["logs"].splitlines() == [
        "2027-01-15T08:00:00.000Z Prepare started",
        "2027-01-15T08:00:00.400Z Prepare finished in 0.4 s",
        "2027-01-15T08:00:00.500Z Segment started",
    ]


def test_a_job_that_is_looked_at_again_and_again_is_one_line(api: Api) -> None:
    api.executions.history = [
        event("AdoptFineTune", 0, entered=True),
        event("AdoptFineTune", 1, entered=False),
        event("FineTuneEnded", 1, entered=True, kind="Choice"),
        event("FineTuneEnded", 1, entered=False, kind="Choice"),
        event("AwaitFineTune", 1, entered=True, kind="Wait"),
    ]
    made = post(api).body
    shown = get(api, made["id"])
    assert shown["logs"] == "2027-01-15T08:00:00.000Z AdoptFineTune started\n"
    assert shown["stage"] == "AdoptFineTune"
    api.executions.history += [
        event("AwaitFineTune", 61, entered=False, kind="Wait"),
        event("AdoptFineTune", 61, entered=True),
        event("AdoptFineTune", 62, entered=False),
        event("Evaluate", 62, entered=True),
    ]
    told = [line.partition(" ")[2] for line in get(api, made["id"])["logs"].splitlines()]
    assert told == ["AdoptFineTune started", "AdoptFineTune finished in 62.0 s", "Evaluate started"]


def ended(api: Api, status: str, **changes: Any) -> dict[str, Any]:
    made = post(api).body
    known = api.executions.started[made["id"]]
    stopped = START + timedelta(seconds=90)
    request = {**known.input, **changes.pop("request", {})}
    api.executions.started[made["id"]] = execution(known.name, request, status=status, stopped=stopped, **changes)
    return get(api, made["id"])


def test_a_succeeded_training_tells_its_version_and_metrics(api: Api) -> None:
    output = {"style": "skirt", "version": 3, "adapter": "skirt@3", "metrics": {"garment_share": 0.7}}
    shown = ended(api, "SUCCEEDED", output=output)
    assert shown["output"] == {"version": "atelier/skirt:skirt@3"}
    assert shown["metrics"] == {"total_time": 90.0, "garment_share": 0.7}
    assert (shown["status"], shown["stage"], shown["completed_at"]) == ("succeeded", "done", "2027-01-15T08:01:30.000Z")


@pytest.mark.parametrize("status", ["RUNNING", "FAILED", "SUCCEEDED"])
def test_what_a_run_does_not_use_stands_in_its_logs_as_soon_as_it_is_known(api: Api, status: str) -> None:
    planned = ("1 file is not used: README.md", "3 of 4 pictures have no caption")
    api.executions.history = [
        event("Prepare", 0, entered=True),
        event("Prepare", 1, entered=False, notes=planned),
        event("Segment", 1, entered=True),
        event("Segment", 2, entered=False, notes=("a.png is left out",)),
        event("FineTune", 2, entered=True),
    ]
    output = {"style": "skirt", "version": 3, "notes": [*planned, "a.png is left out"]}
    shown = get(api, post(api).body["id"]) if status == "RUNNING" else ended(api, status, output=output)
    told = [line.partition(" ")[2] for line in shown["logs"].splitlines()]
    assert told == [
        *("Prepare started", "Prepare finished in 1.0 s", *planned),
        *("Segment started", "Segment finished in 1.0 s", "a.png is left out", "FineTune started"),
    ]


def test_a_training_that_publishes_nothing_has_no_version(api: Api) -> None:
    shown = ended(api, "SUCCEEDED", output={"style": "skirt", "version": 3}, request={"deploy": "none"})
    assert shown["output"] == {"version": None}


def test_a_failed_training_tells_the_cause_and_the_state_that_failed(api: Api) -> None:
    api.executions.history = [event("FineTune", 1, entered=True), event("RecordFailure", 2, entered=True)]
    job = "training-job/atelier-skirt"
    cause = f"FineTune: QuotaExceeded: no GPUs for {job} (cost about $0.00 at prices of us-east-1)"
    full = cause.replace(job, f"arn:aws:sagemaker:us-east-1:123456789012:{job}")
    shown = ended(api, "FAILED", error="QuotaExceeded", cause=full, output={"Error": "QuotaExceeded", "Cause": full})
    assert shown["output"] is None
    assert shown["error"] == cause
    assert (shown["status"], shown["stage"]) == ("failed", "FineTune")


@pytest.mark.parametrize(("status", "expected"), [("TIMED_OUT", "failed"), ("ABORTED", "canceled")])
def test_every_status_has_its_word(api: Api, status: str, expected: str) -> None:
    assert ended(api, status)["status"] == expected


def test_canceling_stops_the_execution_once(api: Api) -> None:
    made = post(api).body
    path = made["urls"]["cancel"].partition("/live")[2]
    assert api.call("POST", path).body["status"] == "canceled"
    before = api.executions.started[made["id"]]
    assert api.call("POST", path).body["error"] == "Canceled"
    assert api.executions.started[made["id"]] is before


@pytest.mark.parametrize("status", ["ABORTED", "TIMED_OUT"])
def test_a_training_that_was_stopped_tells_where_and_what_it_cost_as_soon_as_that_is_recorded(
    api: Api, status: str
) -> None:
    made = post(api).body["id"]
    api.executions.started[made] = execution(made, {}, status=status, error="E", cause="stopped by s3://ours/x")
    before = api.call("GET", f"/v1/trainings/{made}").body
    assert before["error"] == "stopped by s3://…/x"
    record = {"step": "FineTune", "error": "E", "reason": "stopped by s3://ours/x", "cost": 1.638}
    api.buckets.store("data").write(f"runs/{made}/failure.json", json.dumps(record).encode(), "application/json")
    words = "FineTune: E: stopped by s3://…/x (cost about $1.64 at prices of us-east-1)\n"
    # An end does not change any more: what is recorded later is one line more of the logs.
    assert api.call("GET", f"/v1/trainings/{made}").body == {**before, "logs": before["logs"] + words}


def test_canceling_what_has_ended_changes_nothing(api: Api) -> None:
    shown = ended(api, "SUCCEEDED", output={"style": "skirt", "version": 3})
    assert api.call("POST", f"/v1/trainings/{shown['id']}/cancel").body == shown


def test_canceling_an_unknown_training_is_404(api: Api) -> None:
    assert api.call("POST", "/v1/trainings/nothing/cancel").status == 404


def test_everything_that_is_wrong_is_answered_at_once(api: Api) -> None:
    wrong: dict[str, Any] = {
        "dataset": "/tmp",
        "approval": "me",
        "hyperparameters": {"epochs": 0, "lr": 1},
        "gate": {"mask_score": 2},
    }
    answered = post(api, **wrong, target="")
    assert answered.status == 422
    assert {each["what"] for each in answered.body["errors"]} == {
        *("input.dataset", "input.approval", "input.hyperparameters.epochs", "input.hyperparameters: unknown key"),
        *("input.gate.mask_score", "input.target"),
    }


@pytest.mark.parametrize("empty", [{"gate": {}}, {"hyperparameters": {}}, {"hyperparameters": {"max_steps": None}}])
@pytest.mark.parametrize("more", [{"class_prompt": ""}, {"class_prompt": None, "base_model": None, "method": None}])
def test_empty_fields_are_left_out(api: Api, empty: dict[str, Any], more: dict[str, Any]) -> None:
    fields: dict[str, Any] = {**empty, **more}
    assert post(api, **fields).status == 201


def failed_training(api: Api, **changes: Any) -> str:
    """The id of a training that failed."""
    made: str = post(api, **changes).body["id"]
    api.executions.started[made] = replace(api.executions.started[made], status="FAILED", cause="Gate: GateNotMet")
    return made


def resume(api: Api, training: str, body: Any = None, **headers: str) -> Answered:
    return api.call("POST", f"/v1/trainings/{training}/resume", body or {}, None, **headers)


def test_a_failed_training_is_taken_up_by_a_new_one_of_the_same_style(api: Api) -> None:
    failed = failed_training(api)
    answered = resume(api, failed, {"gate": {"garment_share": 0.4}})
    assert answered.status == 201
    made = answered.body
    assert made["id"].startswith("training-")
    assert made["id"] != failed
    assert made["model"] == "skirt"
    assert made["input"] == {"resume": failed, "gate": {"garment_share": 0.4}}
    assert api.executions.started[made["id"]].input == made["input"]
    assert answered.headers["Location"].endswith(made["id"])


def test_a_training_that_took_up_another_one_is_taken_up_itself(api: Api) -> None:
    first = failed_training(api)
    second = resume(api, first).body["id"]
    api.executions.started[second] = replace(api.executions.started[second], status="TIMED_OUT")
    third = resume(api, second).body
    assert (third["input"], third["model"]) == ({"resume": second}, "skirt")


def test_a_training_is_shown_though_what_it_took_up_is_forgotten(api: Api) -> None:
    first = failed_training(api)
    second = resume(api, first).body["id"]
    del api.executions.started[first]
    shown = get(api, second)
    assert (shown["input"], shown["model"], shown["status"]) == ({"resume": first}, None, "starting")
    api.executions.end(second, "FAILED")
    refused = resume(api, second)
    assert (refused.status, "90 days" in refused.body["detail"]) == (404, True)


@pytest.mark.parametrize("ring", [["a"], ["a", "b"]])
def test_executions_that_take_up_one_another_are_shown(api: Api, ring: list[str]) -> None:
    """By hand, an execution may be started with any input, its own name included."""
    for name, earlier in zip(ring, [*ring[1:], ring[0]], strict=True):
        api.executions.started[name] = execution(name, {"resume": earlier})
    assert get(api, "a")["model"] is None


def test_taking_up_twice_with_one_key_is_one_training(api: Api) -> None:
    failed = failed_training(api)
    assert resume(api, failed, idempotency_key="k").body == resume(api, failed, idempotency_key="k").body
    assert len(api.executions.started) == 2
    assert resume(api, failed, {"gate": {"garment_share": 0.4}}, idempotency_key="k").status == 422


def test_a_training_whose_rest_another_does_is_409(api: Api) -> None:
    failed = failed_training(api)
    other = resume(api, failed, idempotency_key="k").body["id"]
    api.buckets.store("data").write(f"runs/{failed}/taken_up.json", json.dumps({"execution": other}).encode(), "")
    answered = resume(api, failed)
    assert answered.status == 409
    assert answered.body["detail"].startswith(f"training: got {failed}, whose rest {other} does; allowed: one")
    assert resume(api, failed, idempotency_key="k").status == 201
    api.executions.end(other, "ABORTED")
    assert resume(api, failed).status == resume(api, other).status == 201


@pytest.mark.parametrize(("status", "word"), [("RUNNING", "processing"), ("SUCCEEDED", "succeeded")])
def test_only_a_training_that_did_not_succeed_is_taken_up(api: Api, status: str, word: str) -> None:
    made = post(api).body["id"]
    api.executions.started[made] = replace(api.executions.started[made], status=status)
    answered = resume(api, made)
    assert (answered.status, answered.body["detail"]) == (
        409,
        f"training: got {made}, which is {word}; allowed: one that failed or was canceled",
    )
    assert resume(api, "skirt-unknown").status == 404
    assert len(api.executions.started) == 1

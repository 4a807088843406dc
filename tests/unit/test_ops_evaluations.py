"""A published version is measured again, on other pictures: what is asked, what is planned, and what is refused."""

from dataclasses import replace
from typing import Any

import pytest

from atelier_ops.logic.card import model_card
from atelier_ops.logic.evaluation import evaluation_plan, is_evaluation
from atelier_ops.logic.plan import Dependencies
from contracts.artifact import ImportOrigin
from contracts.errors import InvalidInputError
from contracts.plan import FineTuningPlan
from tests.unit.ops_api import Api
from tests.unit.ops_fakes import MemoryBuckets
from tests.unit.ops_stage import JOBS, make_stage, put_dataset, put_promoted, put_version
from tests.unit.test_ops_api_trainings import event

Stage = tuple[MemoryBuckets, Dependencies]

ELSEWHERE = ImportOrigin(weights="s3://media/x", sha256="0" * 64, format="kohya", ranks=(4,), layers=3)


@pytest.fixture
def stage() -> Stage:
    made = make_stage()
    put_version(made[0], 3)
    put_dataset(made[0], "spring")
    return made


def planned(stage: Stage, **changes: Any) -> FineTuningPlan:
    body = {"evaluate": 3, "style": "skirt", "dataset": "s3://data/datasets/spring/", **changes}
    return evaluation_plan(body, "run-9", JOBS, stage[1])


def refused(stage: Stage, **changes: Any) -> str:
    with pytest.raises(InvalidInputError) as caught:
        planned(stage, **changes)
    return str(caught.value)


def test_an_input_says_which_version_is_measured_again() -> None:
    assert is_evaluation({"evaluate": 3})
    assert not is_evaluation({"style": "skirt", "evaluate": None})
    assert not is_evaluation({"style": "skirt"})


def test_the_run_starts_with_the_evaluation_of_the_published_files(stage: Stage) -> None:
    plan = planned(stage)
    assert (plan.evaluates, plan.at) == ("3", JOBS["evaluate"]["state"])
    assert plan.known["artifact"] == "s3://model/styles/skirt/3/"
    assert set(plan.jobs) == {"evaluate"}
    assert "segment" not in plan.runs
    assert plan.dataset.uri == "s3://data/datasets/spring/"
    assert plan.arguments["evaluate"][:3] == ["--task", "inpaint", "--target=a skirt"]


def test_a_gate_is_compared_with_and_what_it_leaves_out_is_the_tasks_own(stage: Stage) -> None:
    assert planned(stage, gate={"leak": 0.3}).gate == {"garment_share": 0.5, "pixels_changed_outside": 0, "leak": 0.3}
    assert "input.gate.likeness" in refused(stage, gate={"likeness": 0.5})


def test_what_is_not_published_is_refused(stage: Stage) -> None:
    assert "input.evaluate: got 'skirt@4'" in refused(stage, evaluate=4)


def test_what_was_trained_elsewhere_is_asked_for_its_words(stage: Stage) -> None:
    put_version(stage[0], 5, imported=ELSEWHERE, target="", instance_prompt="sks")
    assert "input.target" in refused(stage, evaluate=5)
    assert planned(stage, evaluate=5, target="a skirt").target == "a skirt"


def test_words_that_are_refused_of_a_training_are_refused_here(stage: Stage) -> None:
    assert "instance_prompt" in refused(stage, instance_prompt="a photo of a naked child")


@pytest.fixture
def api() -> Api:
    api = Api()
    put_dataset(api.buckets, "skirt")
    manifest = put_version(api.buckets, 1)
    api.packages.decisions[manifest.model_package] = ("Approved", "")
    put_promoted(api.buckets, 1)
    return api


PATH = "/v1/styles/skirt/versions/1/evaluate"
BODY = {"dataset": "datasets/skirt/"}


def test_a_version_is_measured_again_by_a_run_that_is_followed_as_a_training(api: Api) -> None:
    made = api.call("POST", PATH, {**BODY, "gate": {"leak": 0.3}})
    assert made.status == 201, made.body
    (started,) = api.executions.started.values()
    assert started.input == {
        "evaluate": 1,
        "style": "skirt",
        "dataset": "s3://data/datasets/skirt/",
        "gate": {"leak": 0.3},
    }
    assert made.headers["Location"].endswith(f"/v1/trainings/{made.body['id']}")
    assert api.call("GET", f"/v1/trainings/{made.body['id']}").body["model"] == "skirt"


def test_one_key_measures_once(api: Api) -> None:
    first, second = (api.call("POST", PATH, BODY, Idempotency_Key="one") for _ in range(2))
    assert first.body["id"] == second.body["id"]
    assert len(api.executions.started) == 1
    assert api.call("POST", PATH, {**BODY, "gate": {"leak": 0.1}}, Idempotency_Key="one").status == 422


def test_what_is_not_published_or_not_there_is_not_measured(api: Api) -> None:
    assert api.call("POST", "/v1/styles/skirt/versions/9/evaluate", BODY).status == 404
    arn = "arn:aws:sagemaker:us-east-1:123456789012:model-package/atelier-test-skirt/2"
    api.packages.decisions[arn] = ("Rejected", "gate not met")
    assert api.call("POST", "/v1/styles/skirt/versions/2/evaluate", BODY).status in (404, 409)
    assert api.call("POST", PATH, {"dataset": "datasets/nothing/"}).status == 422
    assert api.executions.started == {}


def test_who_follows_it_is_shown_how_far_it_is_and_its_report(api: Api, stage: Stage) -> None:
    made = api.call("POST", PATH, BODY).body["id"]
    plan = planned(stage).to_json()
    prepared = [event("Prepare", 0, entered=True), event("Prepare", 1, entered=False, assigned={"plan": plan})]
    api.executions.history = [*prepared, event("Evaluate", 2, entered=True)]
    shown = api.call("GET", f"/v1/trainings/{made}").body
    assert (shown["stage"], shown["losses"], shown["eta_seconds"]) == ("Evaluate", None, None)
    api.buckets.put("data", "runs/run-9/evaluate/report.html", b"<p>")
    measured = {"gate": {"metrics": {"leak": 0.4}}}
    api.executions.history += [
        event("Gate", 9, entered=True),
        event("Gate", 10, entered=False, assigned=measured),
        event("NotifyEvaluation", 11, entered=True),
    ]
    output = {"style": "skirt", "version": "1", "failures": ["leak: got 0.4"], "metrics": {"leak": 0.4}}
    api.executions.started[made] = replace(api.executions.started[made], status="SUCCEEDED", output=output)
    ended = api.call("GET", f"/v1/trainings/{made}").body
    assert ended["report"]["page"]
    assert ended["metrics"]["leak"] == 0.4
    assert ended["logs"].endswith("gate: leak: got 0.4\n")
    (listed,) = api.call("GET", "/v1/trainings").body["results"]
    assert (listed["id"], listed["model"]) == (made, "skirt")


def test_the_card_of_such_a_run_can_be_written(stage: Stage) -> None:
    verdict = {"passed": True, "failures": [], "metrics": {"leak": 0.1}}
    assert "skirt" in model_card(planned(stage), "s3://model/styles/skirt/3/", verdict, {})

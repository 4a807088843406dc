"""A stage's own rules for results: inputs that say nothing get them, and weaker ones are refused at both doors."""

from dataclasses import replace
from typing import Any

import pytest

from atelier_ops.logic.plan import Dependencies
from contracts.errors import InvalidInputError
from contracts.release import ReleaseRules
from tests.unit.ops_api import Api
from tests.unit.ops_pretraining import make_pretraining_stage, pretraining_plan_of
from tests.unit.ops_stage import make_request, make_stage, plan_of, put_dataset, put_version

STRICT = ReleaseRules.from_json(
    {"approval": "manual", "gate": {"inpaint": {"garment_share": 0.7, "mask_score": 0.4, "pixels_changed_outside": 10}}}
)


@pytest.fixture
def strict() -> Dependencies:
    return replace(make_stage()[1], rules=STRICT)


@pytest.fixture
def api() -> Api:
    api = Api(rules=STRICT)
    put_dataset(api.buckets, "skirt")
    return api


def train(api: Api, **changes: Any) -> Any:
    inputs = {**make_request(**changes), "dataset": "datasets/skirt/"}
    return api.call("POST", "/v1/trainings", {"destination": "skirt", "input": inputs})


def test_what_an_input_leaves_out_is_the_stage_s_own(strict: Dependencies) -> None:
    plan = plan_of(strict)
    assert plan["approval"] == "manual"
    # The task itself allows no pixel to change outside, which is more than this stage asks for.
    assert plan["gate"] == {"garment_share": 0.7, "mask_score": 0.4, "pixels_changed_outside": 0}


def test_an_input_may_ask_for_more(strict: Dependencies) -> None:
    plan = plan_of(strict, approval="manual", gate={"garment_share": 0.9, "pixels_changed_outside": 0})
    assert plan["gate"] == {"garment_share": 0.9, "mask_score": 0.4, "pixels_changed_outside": 0}


def test_a_task_without_thresholds_of_the_stage_keeps_its_own(strict: Dependencies) -> None:
    assert plan_of(strict, task="text-to-image", target="")["gate"] == {"garment_share": 0.25}


def test_a_stage_without_rules_takes_what_the_input_says() -> None:
    plan = plan_of(make_stage()[1], approval="auto", gate={"garment_share": 0.1})
    assert (plan["approval"], plan["gate"]["garment_share"]) == ("auto", 0.1)


def test_an_input_that_asks_for_less_is_refused_with_everything_that_is_less(strict: Dependencies) -> None:
    less = {"garment_share": 0.6, "pixels_changed_outside": 11, "mask_score": 0.4}
    with pytest.raises(InvalidInputError) as caught:
        plan_of(strict, approval="auto", gate=less)
    assert [(problem.what, problem.got) for problem in caught.value.problems] == [
        ("input.approval", "auto"),
        ("input.gate.garment_share", 0.6),
        ("input.gate.pixels_changed_outside", 11),
    ]
    assert "at least 0.7 in this stage" in str(caught.value)
    assert "at most 10 in this stage" in str(caught.value)


def test_the_api_refuses_it_before_anything_is_started(api: Api) -> None:
    answered = train(api, approval="auto", gate={"garment_share": 0.1})
    assert answered.status == 422
    assert [error["what"] for error in answered.body["errors"]] == ["input.approval", "input.gate.garment_share"]
    assert api.executions.started == {}


def test_the_api_refuses_it_of_a_training_that_is_taken_up_too(api: Api) -> None:
    failed = train(api).body["id"]
    api.executions.started[failed] = replace(api.executions.started[failed], status="FAILED")
    answered = api.call("POST", f"/v1/trainings/{failed}/resume", {"gate": {"garment_share": 0.1}})
    assert answered.status == 422
    assert [error["what"] for error in answered.body["errors"]] == ["input.gate.garment_share"]
    assert len(api.executions.started) == 1


def test_the_api_passes_on_what_the_client_gave_and_no_more(api: Api) -> None:
    made = train(api)
    assert made.status == 201
    assert made.body["input"] == {**make_request(), "dataset": "datasets/skirt/"}


def test_a_base_model_wants_a_person_too() -> None:
    _, dependencies = make_pretraining_stage(rules=STRICT)
    assert pretraining_plan_of(dependencies)["approval"] == "manual"
    with pytest.raises(InvalidInputError, match=r"input.approval: got 'auto'; allowed: manual, or left out"):
        pretraining_plan_of(dependencies, approval="auto")


@pytest.mark.parametrize(
    ("rules", "status", "expected"),
    [
        (STRICT, "PendingManualApproval", 409),
        (STRICT, "deleted", 409),
        (STRICT, "Approved", 200),
        (ReleaseRules(), "PendingManualApproval", 200),
    ],
)
def test_a_bare_name_means_nothing_that_nobody_approved(rules: ReleaseRules, status: str, expected: int) -> None:
    api = Api(rules=rules)
    package = put_version(api.buckets, 1).model_package
    if status != "deleted":
        api.packages.decisions[package] = (status, "")
    answered = api.call("POST", "/v1/styles/skirt/versions/1/promote")
    assert answered.status == expected
    if expected == 409:
        assert f"model-package/atelier-test-skirt/1 is {status}" in answered.body["detail"]


@pytest.mark.parametrize("path", ["skirt/versions/2", "skirt/versions/x", "hat/versions/1"])
def test_a_version_that_is_not_there_is_404_as_ever(path: str) -> None:
    api = Api(rules=STRICT)
    put_version(api.buckets, 1)
    assert api.call("POST", f"/v1/styles/{path}/promote").status == 404

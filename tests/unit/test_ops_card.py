"""The model card of a package says what was learnt from what, under which terms, what was measured, and nothing of a person."""

import json
from typing import Any

import pytest

from atelier_ops.logic.card import model_card
from atelier_ops.logic.plan import make_plan
from contracts.metrics import MetricSpread
from contracts.plan import FineTuningPlan, PretrainingPlan
from tests.infra.pretraining_plan import pretraining_plan
from tests.unit.ops_stage import JOBS, make_request, make_stage

PASSED = {"passed": True, "failures": [], "metrics": {"garment_share": 0.8}}
MISSED = {
    "passed": False,
    "failures": ["garment_share: got 0.2; allowed: at least 0.5"],
    "metrics": {"garment_share": 0.2},
}
ARTIFACT = "s3://data/runs/run-1/train/job/output/model/"
CONSENT = "release-2026-0417"


def plan_for(**changes: Any) -> FineTuningPlan:
    return make_plan(make_request(**changes), "run-1", JOBS, make_stage()[1])


def card_of(plan: FineTuningPlan, verdict: dict[str, Any] = PASSED, **spread: MetricSpread) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(model_card(plan, ARTIFACT, verdict, spread))
    return read


def test_a_card_says_what_was_learnt_from_what_and_under_which_terms() -> None:
    plan = plan_for()
    card = card_of(plan)
    assert card["model_overview"]["model_artifact"] == [ARTIFACT]
    facts = card["additional_information"]["custom_details"]
    assert facts["data_sha256"] == plan.dataset.sha256
    assert facts["base_model"] == "tiny@v1"
    assert facts["base_model_licence"] == "Apache-2.0: not commercial"
    training = card["training_details"]["training_job_details"]
    assert training["training_datasets"] == [plan.dataset.uri]
    assert {"name": "method", "value": "lora"} in training["user_provided_hyper_parameters"]
    assert "a photo of sks skirt" in card["intended_uses"]["purpose_of_model"]


def test_a_metric_says_its_value_its_meaning_and_how_sure_it_is() -> None:
    spread = MetricSpread(deviation=0.05, n=8, seeds=(1, 2))
    (group,) = card_of(plan_for(), garment_share=spread)["evaluation_details"][0]["metric_groups"]
    (metric,) = group["metric_data"]
    assert (metric["name"], metric["type"], metric["value"]) == ("garment_share", "number", 0.8)
    said = "palette_after / palette_real; higher is better; of 8 pictures, standard deviation 0.05, seeds 1, 2"
    assert metric["notes"] == said


def test_a_card_says_whether_the_gate_is_met_and_where_the_pictures_are() -> None:
    (evaluation,) = card_of(plan_for(), MISSED)["evaluation_details"]
    assert "The gate is not met: garment_share: got 0.2" in evaluation["evaluation_observation"]
    assert "not compared: no version of skirt is in service" in evaluation["evaluation_observation"]
    assert evaluation["metadata"]["report"] == "s3://data/runs/run-1/evaluate/report.html"


def test_a_persons_reference_is_not_in_the_card_but_that_there_was_one() -> None:
    plan = plan_for(consent=CONSENT)
    text = model_card(plan, ARTIFACT, PASSED, {})
    assert CONSENT not in text
    assert card_of(plan)["additional_information"]["custom_details"]["consent"].startswith("a reference was given")
    assert card_of(plan_for())["additional_information"]["custom_details"]["consent"].startswith("no reference")


@pytest.mark.parametrize("prompt", ["x" * 2_000, chr(34) * 2_000, "치마" * 900, "two\nlines\t and  spaces"])
def test_a_card_is_one_line_that_sagemaker_takes_whatever_people_wrote(prompt: str) -> None:
    plan = FineTuningPlan.from_json({**plan_for().to_json(), "hyperparameters": {str(n): prompt for n in range(300)}})
    many = {"passed": False, "failures": [prompt] * 100, "metrics": {}}
    text = model_card(plan, ARTIFACT, many, {})
    assert len(text) <= 100_000
    assert "\n" not in text


def test_a_base_model_has_a_card_too() -> None:
    plan = PretrainingPlan.from_json(pretraining_plan())
    text = model_card(plan, ARTIFACT, {"passed": True, "failures": [], "metrics": {}}, {})
    assert plan.dataset.sha256 in text
    assert "consent" not in text

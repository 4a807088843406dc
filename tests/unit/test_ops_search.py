"""A run with a search: what is planned, what is refused before it is paid, and what somebody who watches it is shown."""

from collections.abc import Mapping
from typing import Any

import pytest

from atelier_ops.gateways.logs import LogLine
from atelier_ops.logic.names import is_of_job, run_jobs
from atelier_ops.logic.plan import Dependencies
from atelier_training.fine_tune_job import FineTuneJob
from tests.unit.ops_api import Api
from tests.unit.ops_fakes import NOW, MemoryBuckets
from tests.unit.ops_stage import JOBS, make_stage, plan_of, put_dataset, refused
from tests.unit.test_ops_api_trainings import event, get, post

Stage = tuple[MemoryBuckets, Dependencies]

RANGES: Mapping[str, Any] = {
    "learning_rate": {"min": 1e-4, "max": 1e-2, "scale": "logarithmic"},
    "lora_rank": {"min": 4, "max": 16},
    "lr_scheduler": {"values": ["constant", "cosine"]},
}
SEARCH: Mapping[str, Any] = {"ranges": RANGES, "trials": 6, "parallel": 2}


@pytest.fixture
def stage() -> Stage:
    return make_stage()


def test_a_search_is_planned_as_sagemaker_takes_it(stage: Stage) -> None:
    plan = plan_of(stage[1], search=SEARCH, hyperparameters={"seed": 7})
    assert plan["search"] == {
        "strategy": "Bayesian",
        "trials": 6,
        "parallel": 2,
        "seed": 7,
        "ranges": {
            "ContinuousParameterRanges": [
                {"Name": "learning_rate", "MinValue": "0.0001", "MaxValue": "0.01", "ScalingType": "Logarithmic"}
            ],
            "IntegerParameterRanges": [{"Name": "lora_rank", "MinValue": "4", "MaxValue": "16", "ScalingType": "Auto"}],
            "CategoricalParameterRanges": [{"Name": "lr_scheduler", "Values": ["constant", "cosine"]}],
        },
    }
    assert set(plan["jobs"]) == {"segment", "search", "evaluate"}
    assert len(plan["jobs"]["search"]["name"]) <= 32
    assert plan["jobs"]["search"]["name"].startswith("atelier-test-")
    assert plan["runs"]["search"] == "s3://data/runs/run-1/search/"
    assert not {*RANGES} & {*plan["hyperparameters"]}


def test_a_training_of_a_search_reads_what_it_is_given_as_any_other_does(stage: Stage) -> None:
    strings = plan_of(stage[1], search=SEARCH)["hyperparameters"]
    tried = {"learning_rate": "0.0031622776601683794", "lora_rank": "8", "lr_scheduler": "cosine"}
    job = FineTuneJob.from_strings({**strings, **tried, "_tuning_objective_metric": "garment_share"})
    assert (job.learning_rate, job.lora_rank, job.lr_scheduler, job.objective) == (
        0.0031622776601683794,
        8,
        "cosine",
        "garment_share",
    )
    assert job.max_steps == 150, "the base model's own"


def test_where_epochs_are_searched_the_base_models_steps_do_not_count(stage: Stage) -> None:
    strings = plan_of(stage[1], search={"ranges": {"epochs": {"min": 5, "max": 20}}, "trials": 3})["hyperparameters"]
    assert (strings["max_steps"], "epochs" in strings) == ("None", False)


def test_a_run_without_a_search_has_none(stage: Stage) -> None:
    plan = plan_of(stage[1])
    assert "search" not in plan
    assert set(plan["jobs"]) == {"segment", "train", "evaluate"}


def test_what_the_stage_does_not_allow_and_what_nothing_could_be_judged_by_is_refused_at_once(stage: Stage) -> None:
    del stage[0].objects["data", "datasets/skirt/evaluation/e.png"]
    said = refused(stage, search={**SEARCH, "trials": 20, "parallel": 3})
    assert "input.search.trials: got 20; allowed: at most 12, which the stage allows" in said
    assert "input.search.parallel: got 3; allowed: at most 2" in said
    assert "input.search: got 'a data set without evaluation/'; allowed: one with photos in evaluation/" in said


def test_the_log_of_a_tuning_jobs_trainings_is_told_from_any_other() -> None:
    name = run_jobs(JOBS, "atelier-test", "run-1")["search"]["name"]
    assert is_of_job(f"{name}-001-5e6f7a8b/algo-1-1700000000", name, "tuning")
    assert not is_of_job(f"{name}-train/algo-1-1700000000", name, "tuning")
    assert not is_of_job(f"{name}-001-5e6f7a8b/algo-1-1700000000", name, "training")
    assert is_of_job(f"{name}/algo-1-1700000000", name, "training")


PLAN = plan_of(make_stage()[1], "skirt-1", search=SEARCH)
PREPARED = [event("Prepare", 0, entered=True), event("Prepare", 1, entered=False, assigned={"plan": PLAN})]
NAME = PLAN["jobs"]["search"]["name"]


def trial(number: int, status: str, score: float | None = None, **more: Any) -> dict[str, Any]:
    value = {} if score is None else {"FinalHyperParameterTuningJobObjectiveMetric": {"Value": score}}
    tuned = {"learning_rate": "0.001", "lora_rank": str(4 * number), "lr_scheduler": "cosine"}
    return {
        "TrainingJobName": f"{NAME}-{number:03d}-5e6f7a8b",
        "TrainingJobStatus": status,
        "TunedHyperParameters": tuned,
        **value,
        **more,
    }


def watch(api: Api) -> dict[str, Any]:
    api.executions.history = [*PREPARED, event("Segment", 1, entered=True), event("Search", 9, entered=True)]
    return get(api, post(api, headers={"Idempotency_Key": "k"}).body["id"])


@pytest.fixture
def api() -> Api:
    api = Api()
    put_dataset(api.buckets, "skirt")
    return api


def test_somebody_who_watches_sees_each_training_of_the_search_and_the_newest_ones_losses(api: Api) -> None:
    why = {"FailureReason": "AlgorithmError: NonFiniteLossError"}
    api.jobs.made[NAME] = [
        trial(1, "Completed", 0.61),
        trial(2, "Failed", 0.99, **why),
        trial(3, "Completed", 0.72),
        trial(4, "InProgress"),
    ]
    line = "step=40/160 loss=0.2500 lr=3.3e-03 elapsed=41s eta=30s samples_per_second=2.1"
    api.logs.written[f"{NAME}-003-5e6f7a8b/algo-1-1"] = [LogLine(at=NOW - 9, text=line.replace("0.25", "0.75"))]
    api.logs.written[f"{NAME}-004-5e6f7a8b/algo-1-2"] = [LogLine(at=NOW, text=line)]
    shown = watch(api)
    assert [(each["status"], each["score"], each["best"]) for each in shown["trials"]] == [
        ("succeeded", 0.61, False),
        ("failed", None, False),
        ("succeeded", 0.72, True),
        ("processing", None, False),
    ]
    assert shown["trials"][1]["error"] == why["FailureReason"]
    assert shown["trials"][0]["hyperparameters"] == {"learning_rate": 0.001, "lora_rank": 4, "lr_scheduler": "cosine"}
    # One of four parts is done, and half of the next.
    assert shown["progress"] == {"percentage": 0.375, "current": 3, "total": 6}
    assert shown["losses"] == [{"step": 40, "loss": 0.25}]
    assert shown["eta_seconds"] is None


def test_a_search_that_has_begun_no_training_yet_is_shown_without(api: Api) -> None:
    shown = watch(api)
    assert (shown["trials"], shown["progress"]["percentage"]) == ([], 0.25)


def test_a_search_by_the_api_is_checked_before_it_starts(api: Api) -> None:
    answered = post(api, search={"ranges": {"seed": {"min": 0, "max": 9}}, "trials": 3})
    assert answered.status == 422
    assert answered.body["what"] == "input.search.ranges"

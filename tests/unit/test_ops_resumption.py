"""Taking up a run that failed: from the state that failed, with what it had found, and with new names for jobs that are still to run."""

from typing import Any

import pytest

from atelier_ops.logic.report import report
from atelier_ops.logic.resumption import is_resumption, resumed_plan
from contracts.errors import InvalidInputError
from contracts.plan import FineTuningPlan, PretrainingPlan
from contracts.release import ReleaseRules
from tests.unit.ops_fakes import NOW, MemoryBuckets, MemoryTopic
from tests.unit.ops_stage import JOBS, make_stage, plan_of
from tests.unit.test_ops_failure import MemoryJobs

POINTS = ["Segment", "FineTune", "Evaluate", "Gate", "EnsureModelPackageGroup", "Register", "DeployChoice", "Notify"]
OPEN = ReleaseRules()
KNOWN = {"notes": ["1 file is not used"], "artifact": "s3://data/runs/run-1/train/job/output/model/", "trained": 387}


def fails(buckets: MemoryBuckets, at: str, execution: str = "run-1", plan: Any = None, **changes: Any) -> None:
    """RecordFailure of an execution that failed at a state."""
    plan = (plan or plan_of(make_stage()[1])) | changes
    event = {"execution": execution, "step": at, "error": "E", "cause": "why", "plan": plan, "at": at, "known": KNOWN}
    report(event, buckets.store("data"), MemoryTopic(), MemoryJobs({}), NOW)


def resume(
    buckets: MemoryBuckets,
    execution: str = "run-2",
    resumed: str = "run-1",
    rules: ReleaseRules = OPEN,
    **more: Any,
) -> FineTuningPlan:
    event = {"input": {"resume": resumed, **more}, "execution": execution, "jobs": JOBS, "points": POINTS}
    return resumed_plan(event, FineTuningPlan, buckets.store("data"), "atelier-test", rules)


def jobs(plan: FineTuningPlan) -> dict[str, str]:
    return {key: job.name for key, job in plan.jobs.items()}


def test_a_resumption_is_told_from_a_new_run_by_its_input() -> None:
    assert is_resumption({"resume": "run-1"})
    assert not is_resumption({"style": "skirt"})
    assert not is_resumption(["resume"])


def test_it_keeps_the_plan_and_starts_where_the_run_failed_with_what_it_had_found() -> None:
    buckets = MemoryBuckets()
    fails(buckets, "Gate")
    plan, first = resume(buckets), plan_of(make_stage()[1])
    assert plan.to_json() == {**first, "at": "Gate", "known": KNOWN}


def test_only_jobs_that_are_still_to_run_get_new_names() -> None:
    buckets = MemoryBuckets()
    fails(buckets, "FineTune")
    assert jobs(resume(buckets)) == {
        "segment": "atelier-test-run-1-segment",
        "train": "atelier-test-run-2-train",
        "evaluate": "atelier-test-run-2-evaluate",
    }


def test_a_run_may_be_taken_up_again_and_again() -> None:
    buckets = MemoryBuckets()
    fails(buckets, "FineTune")
    fails(buckets, "Evaluate", "run-2", resume(buckets).to_json())
    third = resume(buckets, "run-3", "run-2")
    assert (third.execution, third.at) == ("run-1", "Evaluate")
    assert jobs(third) == {
        "segment": "atelier-test-run-1-segment",
        "train": "atelier-test-run-2-train",
        "evaluate": "atelier-test-run-3-evaluate",
    }


def test_a_gate_that_was_too_strict_may_be_replaced_metric_by_metric() -> None:
    buckets = MemoryBuckets()
    fails(buckets, "Gate", gate={"garment_share": 0.9, "mask_score": 0.5})
    assert dict(resume(buckets, gate={"garment_share": 0.4}).gate) == {"garment_share": 0.4, "mask_score": 0.5}


def test_a_gate_that_was_passed_is_not_replaced_and_one_of_nothing_measured_neither() -> None:
    buckets = MemoryBuckets()
    fails(buckets, "Register")
    with pytest.raises(InvalidInputError, match=r"input\.gate: got .*; allowed: none: run-1 passed its gate"):
        resume(buckets, gate={"garment_share": 0.4})
    fails(buckets, "Gate")
    with pytest.raises(InvalidInputError, match=r"input\.gate\.beauty: got 1.*allowed: a metric: .*garment_share"):
        resume(buckets, gate={"beauty": 1.0})


def test_a_run_that_did_not_fail_or_failed_in_prepare_cannot_be_taken_up() -> None:
    buckets = MemoryBuckets()
    event = {"execution": "run-1", "step": "Prepare", "error": "E", "cause": "why"}
    report(event, buckets.store("data"), MemoryTopic(), MemoryJobs({}), NOW)
    with pytest.raises(
        InvalidInputError, match=r"input\.resume: got .run-1.; allowed: an execution that failed after Prepare"
    ):
        resume(buckets)


def test_a_machine_that_has_changed_since_says_so() -> None:
    buckets = MemoryBuckets()
    fails(buckets, "Polish")
    with pytest.raises(InvalidInputError, match=r"run-1, which failed at Polish.*the state machine has changed"):
        resume(buckets)


def test_a_pretraining_run_of_the_same_name_is_another_one() -> None:
    buckets = MemoryBuckets()
    fails(buckets, "Gate")
    event = {"input": {"resume": "run-1"}, "execution": "run-2", "jobs": JOBS, "points": POINTS}
    with pytest.raises(InvalidInputError, match=r"runs/pretrain-run-1/resumption\.json is not there"):
        resumed_plan(event, PretrainingPlan, buckets.store("data"), "atelier-test", ReleaseRules())


STRICT = ReleaseRules.from_json({"approval": "manual", "gate": {"inpaint": {"garment_share": 0.7, "mask_score": 0.3}}})


def test_taking_up_a_run_is_no_way_past_what_the_stage_asks_of_every_result() -> None:
    buckets = MemoryBuckets()
    fails(buckets, "Gate", gate={"garment_share": 0.8})
    with pytest.raises(
        InvalidInputError, match=r"input\.gate\.garment_share: got 0\.4; allowed: at least 0\.7 in this stage"
    ):
        resume(buckets, rules=STRICT, gate={"garment_share": 0.4})
    plan = resume(buckets, rules=STRICT, gate={"garment_share": 0.75})
    assert (dict(plan.gate), plan.approval) == ({"garment_share": 0.75, "mask_score": 0.3}, "manual")


def test_a_run_that_began_under_weaker_rules_must_meet_todays() -> None:
    buckets = MemoryBuckets()
    fails(buckets, "FineTune", gate={"garment_share": 0.5})
    with pytest.raises(InvalidInputError, match=r"garment_share: got 0\.5"):
        resume(buckets, rules=STRICT)
    fails(buckets, "DeployChoice", gate={"garment_share": 0.5})  # it passed its gate
    assert resume(buckets, rules=STRICT).at == "DeployChoice"

"""Taking up a run: from the step that was not finished, with what it had found, and with new names for jobs that are still to run."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from atelier_ops.gateways.workflow import Past
from atelier_ops.logic.report import report
from atelier_ops.logic.resumption import Dependencies, is_resumption, resumed_plan
from contracts.errors import InvalidInputError
from contracts.plan import FineTuningPlan, PretrainingPlan
from contracts.release import ReleaseRules
from tests.unit.ops_fakes import NOW, MemoryBuckets, MemoryExecutions, MemoryJobs, MemoryStore, MemoryTopic
from tests.unit.ops_stage import JOBS, make_stage, plan_of

POINTS = ["Segment", "FineTune", "Evaluate", "Gate", "EnsureModelPackageGroup", "Register", "DeployChoice", "Notify"]
OPEN = ReleaseRules()
KNOWN = {"notes": ["1 file is not used"], "artifact": "s3://data/runs/run-1/train/job/output/model/", "trained": 387}


@dataclass
class Account:
    """What runs left behind in S3 and in Step Functions, and the jobs that SageMaker knows."""

    buckets: MemoryBuckets = field(default_factory=MemoryBuckets)
    executions: MemoryExecutions = field(default_factory=MemoryExecutions)
    jobs: MemoryJobs = field(default_factory=lambda: MemoryJobs({}))

    def dependencies(self, rules: ReleaseRules = OPEN) -> Dependencies:
        return Dependencies(
            data=self.buckets.store("data"),
            executions=self.executions,
            jobs=self.jobs,
            name_prefix="atelier-test",
            rules=rules,
        )


@pytest.fixture
def account() -> Account:
    return Account()


def fails(account: Account, at: str, execution: str = "run-1", plan: Any = None, **changes: Any) -> None:
    """RecordFailure of an execution that failed at a state, and its end."""
    plan = (plan or plan_of(make_stage()[1])) | changes
    event = {"execution": execution, "step": at, "error": "E", "cause": "why", "plan": plan, "at": at, "known": KNOWN}
    report(event, account.buckets.store("data"), MemoryTopic(), MemoryJobs({}), NOW)
    account.executions.end(execution, "FAILED")


def stops(account: Account, *entered: str, execution: str = "run-1", status: str = "ABORTED", **variables: Any) -> None:
    """An execution that entered these states and was stopped."""
    account.executions.end(execution, status)
    account.executions.pasts[execution] = Past(entered=list(entered), variables=variables)


def resume(
    account: Account,
    execution: str = "run-2",
    resumed: str = "run-1",
    rules: ReleaseRules = OPEN,
    **more: Any,
) -> FineTuningPlan:
    """Prepare of an execution, which runs, that takes up another."""
    account.executions.end(execution, "RUNNING")
    event = {"input": {"resume": resumed, **more}, "execution": execution, "jobs": JOBS, "points": POINTS}
    return resumed_plan(event, FineTuningPlan, account.dependencies(rules))


def jobs(plan: FineTuningPlan) -> dict[str, str]:
    return {key: job.name for key, job in plan.jobs.items()}


def test_a_resumption_is_told_from_a_new_run_by_its_input() -> None:
    assert is_resumption({"resume": "run-1"})
    assert not is_resumption({"style": "skirt"})
    assert not is_resumption(["resume"])


def test_it_keeps_the_plan_and_starts_where_the_run_failed_with_what_it_had_found(account: Account) -> None:
    fails(account, "Gate")
    plan, first = resume(account), plan_of(make_stage()[1])
    assert plan.to_json() == {**first, "at": "Gate", "known": KNOWN}


def test_only_jobs_that_are_still_to_run_get_new_names(account: Account) -> None:
    fails(account, "FineTune")
    assert jobs(resume(account)) == {
        "segment": "atelier-test-run-1-segment",
        "train": "atelier-test-run-2-train",
        "evaluate": "atelier-test-run-2-evaluate",
    }


def test_a_run_may_be_taken_up_again_and_again(account: Account) -> None:
    fails(account, "FineTune")
    fails(account, "Evaluate", "run-2", resume(account).to_json())
    third = resume(account, "run-3", "run-2")
    assert (third.execution, third.at) == ("run-1", "Evaluate")
    assert jobs(third) == {
        "segment": "atelier-test-run-1-segment",
        "train": "atelier-test-run-2-train",
        "evaluate": "atelier-test-run-3-evaluate",
    }


def test_a_gate_that_was_too_strict_may_be_replaced_metric_by_metric(account: Account) -> None:
    fails(account, "Gate", gate={"garment_share": 0.9, "mask_score": 0.5})
    assert dict(resume(account, gate={"garment_share": 0.4}).gate) == {"garment_share": 0.4, "mask_score": 0.5}


def test_a_gate_that_was_passed_is_not_replaced_and_one_of_nothing_measured_neither(account: Account) -> None:
    fails(account, "Register")
    with pytest.raises(InvalidInputError, match=r"input\.gate: got .*; allowed: none: run-1 passed its gate"):
        resume(account, gate={"garment_share": 0.4})
    fails(account, "Gate")
    with pytest.raises(InvalidInputError, match=r"input\.gate\.beauty: got 1.*allowed: a metric: .*garment_share"):
        resume(account, gate={"beauty": 1.0})


def test_a_run_that_failed_in_prepare_cannot_be_taken_up(account: Account) -> None:
    event = {"execution": "run-1", "step": "Prepare", "error": "E", "cause": "why"}
    report(event, account.buckets.store("data"), MemoryTopic(), MemoryJobs({}), NOW)
    stops(account, "Prepare", "RecordFailure", status="FAILED", failure=event)
    with pytest.raises(
        InvalidInputError, match=r"input\.resume: got .run-1.; allowed: an execution that came past Prepare"
    ):
        resume(account)


def test_a_machine_that_has_changed_since_says_so(account: Account) -> None:
    fails(account, "Polish")
    with pytest.raises(InvalidInputError, match=r"run-1, which ended at Polish.*the state machine has changed"):
        resume(account)


def test_a_pretraining_run_of_the_same_name_is_another_one(account: Account) -> None:
    fails(account, "Gate")
    stops(account, "Prepare")  # the pretraining machine's
    event = {"input": {"resume": "run-1"}, "execution": "run-2", "jobs": JOBS, "points": POINTS}
    with pytest.raises(InvalidInputError, match="an execution that came past Prepare"):
        resumed_plan(event, PretrainingPlan, account.dependencies())


@pytest.mark.parametrize("status", ["ABORTED", "TIMED_OUT", "FAILED"])
def test_one_that_left_nothing_behind_is_taken_up_from_its_history(account: Account, status: str) -> None:
    """Stopped, timed out, or failed when its failure could not be recorded."""
    plan = plan_of(make_stage()[1])
    entered = ("Prepare", "Start", "Segment", "FineTune", "AdoptFineTune")
    stops(account, *entered, status=status, plan=plan, notes=["a note"], failure={"plan": plan})
    resumed = resume(account)
    assert (resumed.at, dict(resumed.known)) == ("FineTune", {"notes": ["a note"]})
    assert jobs(resumed)["segment"] == "atelier-test-run-1-segment"
    assert jobs(resumed)["train"] == "atelier-test-run-2-train"


@pytest.mark.parametrize(
    ("entered", "at"),
    [
        (["DeployChoice", "Publish", "DeployEndpoint"], "DeployChoice"),
        (["Gate", "GatePassed"], "Gate"),
        ([], "Segment"),
    ],
)
def test_a_part_that_was_under_way_is_repeated_as_a_whole(account: Account, entered: list[str], at: str) -> None:
    stops(account, "Prepare", "Start", *entered, plan=plan_of(make_stage()[1]))
    assert resume(account).at == at


def test_a_resumption_that_was_stopped_before_its_first_step_starts_where_it_would_have(account: Account) -> None:
    fails(account, "Gate")
    stops(account, "Prepare", execution="run-2", plan=resume(account).to_json(), notes=["later"])
    resumed = resume(account, "run-3", "run-2")
    assert (resumed.at, dict(resumed.known)) == ("Gate", {**KNOWN, "notes": ["later"]})


@pytest.mark.parametrize("status", ["RUNNING", "SUCCEEDED", ""])
def test_only_what_ended_without_success_is_taken_up(account: Account, status: str) -> None:
    fails(account, "Gate")
    account.executions.end("run-1", status) if status else account.executions.started.clear()
    with pytest.raises(InvalidInputError, match="allowed: an execution that failed, timed out or was stopped"):
        resume(account)


@pytest.mark.parametrize("status", ["InProgress", "Stopping"])
def test_a_job_that_still_runs_is_not_paid_for_twice(account: Account, status: str) -> None:
    fails(account, "FineTune")
    account.jobs.known["training/atelier-test-run-1-train"] = {"TrainingJobStatus": status}
    with pytest.raises(InvalidInputError, match=f"run-1, whose job atelier-test-run-1-train is {status}.; allowed"):
        resume(account)
    account.jobs.known["training/atelier-test-run-1-train"] = {"TrainingJobStatus": "Stopped"}
    assert jobs(resume(account))["train"] == "atelier-test-run-2-train"


def test_two_executions_do_not_do_the_rest_of_one_run(account: Account) -> None:
    fails(account, "Gate")
    first = resume(account, "run-2")
    with pytest.raises(InvalidInputError, match=r"input\.resume: got .run run-1, whose rest run-2 does.; allowed: one"):
        resume(account, "run-3")
    assert resume(account, "run-2") == first  # Prepare may be repeated
    account.executions.end("run-2", "SUCCEEDED")
    with pytest.raises(InvalidInputError, match="whose rest run-2 does"):
        resume(account, "run-3")


def test_the_rest_is_anyones_again_once_who_did_it_has_failed(account: Account) -> None:
    fails(account, "FineTune")
    fails(account, "Gate", "run-2", resume(account).to_json())
    assert resume(account, "run-3", "run-2").at == "Gate"
    with pytest.raises(InvalidInputError, match="run run-1, whose rest run-3 does"):
        resume(account, "run-4", "run-1")  # the same run by its older name
    account.executions.end("run-3", "ABORTED")
    assert resume(account, "run-4", "run-1").at == "FineTune"


def test_of_two_at_one_moment_one_is_refused(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    fails(account, "Gate")
    read = MemoryStore.read_tagged

    def read_and_lose(store: MemoryStore, key: str) -> Any:
        seen = read(store, key)
        monkeypatch.setattr(MemoryStore, "read_tagged", read)
        resume(account, "run-2")
        return seen

    monkeypatch.setattr(MemoryStore, "read_tagged", read_and_lose)
    with pytest.raises(InvalidInputError, match="whose rest run-2 does"):
        resume(account, "run-3")


STRICT = ReleaseRules.from_json({"approval": "manual", "gate": {"inpaint": {"garment_share": 0.7, "mask_score": 0.3}}})


def test_taking_up_a_run_is_no_way_past_what_the_stage_asks_of_every_result(account: Account) -> None:
    fails(account, "Gate", gate={"garment_share": 0.8})
    with pytest.raises(
        InvalidInputError, match=r"input\.gate\.garment_share: got 0\.4; allowed: at least 0\.7 in this stage"
    ):
        resume(account, rules=STRICT, gate={"garment_share": 0.4})
    plan = resume(account, rules=STRICT, gate={"garment_share": 0.75})
    assert (dict(plan.gate), plan.approval) == ({"garment_share": 0.75, "mask_score": 0.3}, "manual")


def test_a_run_that_began_under_weaker_rules_must_meet_todays(account: Account) -> None:
    fails(account, "FineTune", gate={"garment_share": 0.5})
    with pytest.raises(InvalidInputError, match=r"garment_share: got 0\.5"):
        resume(account, rules=STRICT)
    fails(account, "DeployChoice", gate={"garment_share": 0.5})  # it passed its gate
    assert resume(account, rules=STRICT).at == "DeployChoice"

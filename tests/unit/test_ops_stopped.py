"""A run that was stopped, or ran out of time, leaves its failure and its cost, once; and nothing of it goes on."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from atelier_ops.gateways.workflow import Past, StateEvent
from atelier_ops.logic.report import report
from atelier_ops.logic.stopped import Dependencies, report_stop
from tests.unit.ops_fakes import NOW, MemoryBuckets, MemoryExecutions, MemoryJobs, MemoryTopic, execution
from tests.unit.test_ops_failure import PLAN, processing, training

KEY = "runs/run-1/failure.json"


class StoppingJobs(MemoryJobs):
    """A job that is stopped is Stopping until somebody has waited."""

    def stop(self, kind: str, name: str) -> None:
        self.known[f"{kind}/{name}"] |= {f"{kind.capitalize()}JobStatus": "Stopping"}

    def pass_time(self) -> bool:
        for name, job in self.known.items():
            if "Stopping" in job.values():
                job |= {f"{name.partition('/')[0].capitalize()}JobStatus": "Stopped", "BillableTimeInSeconds": 3600}
        return True


class Account:
    """One execution with a plan, stopped while its training job runs."""

    def __init__(self, status: str = "ABORTED", **changes: Any) -> None:
        self.buckets, self.topic = MemoryBuckets(), MemoryTopic()
        ended = datetime.fromtimestamp(NOW + 60, UTC)
        self.executions = MemoryExecutions(
            started={"run-1": execution("run-1", {}, status=status, **{"stopped": ended, **changes})},
            history=[StateEvent(state="FineTune", kind="Task", entered=True, at=ended)],
            pasts={"run-1": Past(entered=["Prepare", "Segment", "FineTune"], variables={"plan": PLAN})},
        )
        done = processing(ProcessingJobStatus="Completed", ProcessingStartTime=0, ProcessingEndTime=3_600)
        running = training(TrainingJobStatus="InProgress")
        self.jobs = StoppingJobs({"processing/s": done, "training/t": running})

    def reports(self, pause: Callable[[], bool] | None = None) -> str:
        return report_stop(
            "run-1",
            Dependencies(
                executions=self.executions,
                jobs=self.jobs,
                data=self.buckets.store("data"),
                topic=self.topic,
                pause=pause or self.jobs.pass_time,
            ),
        )

    @property
    def failure(self) -> dict[str, Any]:
        record: dict[str, Any] = self.buckets.store("data").json(KEY)
        return record


def test_a_stopped_run_leaves_where_when_why_and_what_all_its_jobs_cost_and_none_runs_on() -> None:
    account = Account(error="Canceled", cause="canceled through the API")
    assert account.reports() == "run-1 was stopped: recorded"
    record = account.failure
    assert (record["step"], record["error"], record["reason"]) == ("FineTune", "Canceled", "canceled through the API")
    assert (record["started"], record["failed_at"]) == ("2027-01-15T08:00:00.000Z", "2027-01-15T08:01:00.000Z")
    assert account.jobs.known["training/t"]["TrainingJobStatus"] == "Stopped"
    assert record["cost"] == pytest.approx(1.638)
    ((subject, message),) = account.topic.sent
    assert subject == "Atelier: run-1 was stopped at FineTune"
    assert '{"resume": "run-1"}' in message


@pytest.mark.parametrize(
    ("status", "error", "words"),
    [("ABORTED", "Stopped", "without a word why"), ("TIMED_OUT", "States.Timeout", "longer than its state machine")],
)
def test_an_end_without_words_gets_some(status: str, error: str, words: str) -> None:
    account = Account(status)
    account.reports()
    assert account.failure["error"] == error
    assert words in account.failure["reason"]


def test_an_event_that_comes_again_changes_and_tells_nothing() -> None:
    account = Account()
    account.reports()
    before = account.failure
    account.jobs.known["training/t"]["BillableTimeInSeconds"] = 7_200
    assert account.reports() == "run-1 was stopped: recorded already"
    assert account.failure == before
    assert len(account.topic.sent) == 1


def test_of_two_that_report_at_once_one_writes_and_tells() -> None:
    account = Account()

    def meanwhile() -> bool:
        return account.jobs.pass_time() and bool(account.reports())

    assert account.reports(meanwhile) == "run-1 was stopped: recorded already"
    assert len(account.topic.sent) == 1


def test_a_failure_that_is_there_stays() -> None:
    account = Account()
    event = {"execution": "run-1", "step": "Gate", "error": "GateNotMet", "cause": "too little", "plan": PLAN}
    report(event, account.buckets.store("data"), MemoryTopic(), account.jobs, NOW + 59)
    assert account.reports() == "run-1 was stopped: recorded already"
    assert account.failure["error"] == "GateNotMet"


def test_the_end_of_an_execution_that_was_redriven_replaces_the_earlier_one() -> None:
    account = Account(redriven=datetime.fromtimestamp(NOW + 50, UTC))
    event = {"execution": "run-1", "step": "Gate", "error": "GateNotMet", "cause": "too little", "plan": PLAN}
    report(event, account.buckets.store("data"), MemoryTopic(), account.jobs, NOW + 40)
    account.reports()
    assert account.failure["error"] == "Stopped"


@pytest.mark.parametrize("status", ["RUNNING", "SUCCEEDED", "FAILED"])
def test_what_step_functions_says_holds_and_not_an_old_event(status: str) -> None:
    account = Account(status)
    assert account.reports() == f"run-1 is {status}: nothing to record"
    assert account.buckets.writes == []
    assert account.jobs.known["training/t"]["TrainingJobStatus"] == "InProgress"


def test_a_run_that_was_stopped_before_it_had_a_plan_is_recorded_too() -> None:
    account = Account()
    account.executions.pasts["run-1"] = Past(entered=["Prepare"], variables={})
    account.reports()
    assert (account.failure["style"], account.failure["cost"]) == (None, 0.0)
    assert "resume" not in account.topic.sent[0][1]


def test_a_job_that_does_not_end_in_time_and_an_endpoint_under_way_are_told_because_they_are_paid_for() -> None:
    account = Account()
    entered = ["FineTune", "Publish", "DeployEndpoint"]
    account.executions.pasts["run-1"] = Past(entered=entered, variables={"plan": PLAN, "endpoint": "skirt-v2"})
    account.reports(lambda: False)
    assert account.failure["reason"].endswith(
        "not undone: job t is Stopping, endpoint skirt-v2 may be there, and is paid for"
    )


def test_a_pretraining_run_is_recorded_in_its_own_folder() -> None:
    account = Account()
    plan = {**PLAN, "kind": "pretraining", "name": "base"}
    account.executions.pasts["run-1"] = Past(entered=["Prepare"], variables={"plan": plan})
    account.reports()
    assert json.loads(account.buckets.objects["data", "runs/pretrain-run-1/failure.json"])["base_model"] == "base"

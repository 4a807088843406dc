"""Following an execution: its states as they come, and the log line of the job that each one runs."""

import io
import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from cli.follow import ExecutionFailedError, Followed, follow
from cli.progress import Progress
from tests.unit.ops_stage import make_stage, plan_of

ARN = "arn:aws:states:us-east-1:123456789012:execution:atelier-local-workflow:first"


class History:
    """A Step Functions client for an execution of which each look shows one event more."""

    def __init__(self, events: list[tuple[str, str, Any]], status: str = "SUCCEEDED") -> None:
        self.events = [
            {"id": number, "type": f"TaskState{kind}", f"state{kind}EventDetails": {"name": name, **details}}
            for number, (kind, name, details) in enumerate(events, start=1)
        ]
        self.status, self.looks = status, 0

    def describe_execution(self, **_arguments: str) -> dict[str, str]:
        self.looks += 1
        over = self.looks >= len(self.events)
        return {"status": self.status if over else "RUNNING", "output": "{}", "error": "E", "cause": "why"}

    def get_paginator(self, _name: str) -> "History":
        return self

    def paginate(self, **_arguments: str) -> Iterator[dict[str, Any]]:
        yield {"events": self.events[: self.looks]}


class Logs:
    """A CloudWatch client that remembers what it was asked for."""

    exceptions = SimpleNamespace(ResourceNotFoundException=KeyError)

    def __init__(self) -> None:
        self.reads: list[tuple[str, str]] = []

    def filter_log_events(self, **arguments: str) -> dict[str, Any]:
        self.reads.append((arguments["logGroupName"], arguments["logStreamNamePrefix"]))
        return {"events": [{"message": "step=1/2"}, {"message": "\n"}]}


def followed(history: History, logs: Logs) -> Followed:
    clients = {"stepfunctions": history, "logs": logs}
    return follow(clients.__getitem__, ARN, Progress(io.StringIO()), every=0)


def prepared(plan: dict[str, Any]) -> list[tuple[str, str, Any]]:
    return [("Entered", "Prepare", {}), ("Exited", "Prepare", {"output": json.dumps({"Payload": plan})})]


def test_the_line_that_is_shown_is_that_of_the_job_which_the_plan_names() -> None:
    plan, logs = plan_of(make_stage()[1], execution="first"), Logs()
    history = History(
        [*prepared(plan), ("Entered", "FineTune", {}), ("Exited", "FineTune", {}), ("Entered", "Gate", {})]
    )
    assert followed(history, logs).states == ["Prepare", "FineTune", "Gate"]
    assert set(logs.reads) == {("/aws/sagemaker/TrainingJobs", "atelier-test-first-train")}


def test_a_job_of_a_step_that_nobody_here_has_heard_of_shows_its_line_too() -> None:
    plan = {"jobs": {"caption": {"state": "Caption", "kind": "processing", "name": "shortened-1a2b3c4d-caption"}}}
    logs = Logs()
    followed(History([*prepared(plan), ("Entered", "Caption", {}), ("Exited", "Caption", {})]), logs)
    assert set(logs.reads) == {("/aws/sagemaker/ProcessingJobs", "shortened-1a2b3c4d-caption")}


def test_a_failed_execution_says_its_own_cause() -> None:
    with pytest.raises(ExecutionFailedError, match="FAILED: E: why"):
        followed(History([("Entered", "Prepare", {})], status="FAILED"), Logs())

"""Follow one state-machine execution: each state as it is entered, and the last progress line of the job that runs in it."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from cli.errors import CommandError
from cli.progress import Progress, RunningStage

POLL_SECONDS = 0.3


class ExecutionFailedError(CommandError):
    """The execution ended without success; the text says at which step and why."""


@dataclass(frozen=True, kw_only=True)
class Followed:
    """A finished execution: its output, and its states in the order entered."""

    output: dict[str, Any]
    states: list[str]


@dataclass(kw_only=True)
class _Run:
    """What is known of an execution so far: its plan's jobs by the state that runs each, the states entered, the one it is in."""

    progress: Progress
    jobs: dict[str, Mapping[str, str]] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)
    stage: RunningStage | None = None

    def hear(self, event: Mapping[str, Any]) -> None:
        """Take one event of the history."""
        if event["type"] == "TaskStateEntered":
            name = event["stateEnteredEventDetails"]["name"]
            self.seen.append(name)
            self.stage = self.progress.begin(name)
        elif event["type"] == "TaskStateExited":
            details = event["stateExitedEventDetails"]
            self.jobs |= planned_jobs(details.get("output") or "{}")
            if self.stage is not None and self.stage.name == details["name"]:
                self.end("", "✓")

    def end(self, text: str, mark: str) -> None:
        """The state the execution was in is over."""
        if self.stage is not None:
            self.progress.end(self.stage, text, mark)
        self.stage = None


def follow(
    client: Callable[[str], Any], execution_arn: str, progress: Progress, *, every: float = POLL_SECONDS
) -> Followed:
    """Print each state until the execution ends, looking ``every`` seconds. Raises ExecutionFailedError with the run's own cause."""
    states, run = client("stepfunctions"), _Run(progress=progress)
    events = _new_events(states, execution_arn)
    while True:
        status = states.describe_execution(executionArn=execution_arn)
        for event in next(events):
            run.hear(event)
        if status["status"] != "RUNNING":
            break
        if run.stage is not None and run.stage.name in run.jobs:
            run.stage.detail(last_log_line(client("logs"), run.jobs[run.stage.name]))
        elif run.stage is not None:
            run.stage.detail()
        time.sleep(every)
    if status["status"] != "SUCCEEDED":
        run.end("failed", "✗")
        raise ExecutionFailedError(
            f"{status['status']}: {status.get('error', '')}: {status.get('cause', 'no cause given')}"
        )
    run.end("", "✓")
    return Followed(output=json.loads(status["output"]), states=run.seen)


def planned_jobs(output: str) -> dict[str, Mapping[str, str]]:
    """The jobs of the plan (``kind``, ``name``) by the state that runs each, where a state's output is a plan; else none."""
    payload = (json.loads(output) or {}).get("Payload")
    plan = payload if isinstance(payload, dict) else {}
    return {job["state"]: job for job in (plan.get("jobs") or {}).values()}


def last_log_line(logs: Any, job: Mapping[str, str]) -> str:
    """The newest line that a job printed; empty where it has none yet. SageMaker names a job's log streams after the job.

    A tuning job prints nothing itself: its training jobs do, whose names begin with its own.
    """
    group = f"/aws/sagemaker/{'Processing' if job['kind'] == 'processing' else 'Training'}Jobs"
    try:
        events = logs.filter_log_events(logGroupName=group, logStreamNamePrefix=job["name"])["events"]
    except logs.exceptions.ResourceNotFoundException:
        return ""
    lines = [event["message"].strip() for event in events]
    return next((line for line in reversed(lines) if line), "")


def _new_events(states: Any, execution_arn: str) -> Iterator[list[dict[str, Any]]]:
    """The events since the last look, oldest first."""
    last = 0
    while True:
        pages = states.get_paginator("get_execution_history").paginate(executionArn=execution_arn)
        fresh = [event for page in pages for event in page["events"] if event["id"] > last]
        last = max((event["id"] for event in fresh), default=last)
        yield fresh

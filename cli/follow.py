"""Follow one state-machine execution: each state as it is entered, and the last progress line of the job that runs in it."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from cli.progress import Progress, Stage

JOB_LOGS = {
    "Segment": ("/aws/sagemaker/ProcessingJobs", "-seg"),
    "Shard": ("/aws/sagemaker/ProcessingJobs", "-shard"),
    "FineTune": ("/aws/sagemaker/TrainingJobs", "-train"),
    "Train": ("/aws/sagemaker/TrainingJobs", "-train"),
    "Evaluate": ("/aws/sagemaker/ProcessingJobs", "-eval"),
}
"""Where each state's job writes, and what its name ends in."""

POLL_SECONDS = 0.3


class ExecutionFailedError(RuntimeError):
    """The execution ended without success; the text says at which step and why."""


@dataclass(frozen=True, kw_only=True)
class Followed:
    """A finished execution: its output, and its states in the order entered."""

    output: dict[str, Any]
    states: list[str]


def follow(
    client: Callable[[str], Any], execution_arn: str, progress: Progress, *, every: float = POLL_SECONDS
) -> Followed:
    """Print each state until the execution ends, looking ``every`` seconds. Raises ExecutionFailedError with the run's own cause."""
    states = client("stepfunctions")
    seen: list[str] = []
    stage: Stage | None = None
    events = _new_events(states, execution_arn)
    while True:
        status = states.describe_execution(executionArn=execution_arn)
        for name, entered in next(events):
            if entered:
                seen.append(name)
                stage = progress.begin(name)
            elif stage is not None and stage.name == name:
                progress.end(stage)
                stage = None
        if status["status"] != "RUNNING":
            break
        if stage is not None:
            stage.detail(_last_log_line(client("logs"), stage, execution_arn))
        time.sleep(every)
    if stage is not None:
        progress.end(
            stage, "" if status["status"] == "SUCCEEDED" else "failed", "✓" if status["status"] == "SUCCEEDED" else "✗"
        )
    if status["status"] != "SUCCEEDED":
        raise ExecutionFailedError(
            f"{status['status']}: {status.get('error', '')}: {status.get('cause', 'no cause given')}"
        )
    return Followed(output=json.loads(status["output"]), states=seen)


def _new_events(states: Any, execution_arn: str) -> Iterator[list[tuple[str, bool]]]:
    """Task states entered (True) and left (False) since the last look, oldest first."""
    last = 0
    while True:
        fresh: list[tuple[str, bool]] = []
        pages = states.get_paginator("get_execution_history").paginate(executionArn=execution_arn)
        for event in (event for page in pages for event in page["events"]):
            if event["id"] <= last:
                continue
            last = event["id"]
            for kind, entered in (("Entered", True), ("Exited", False)):
                if event["type"] == f"TaskState{kind}":
                    fresh.append((event[f"state{kind}EventDetails"]["name"], entered))
        yield fresh


def _last_log_line(logs: Any, stage: Stage, execution_arn: str) -> str:
    """The newest line the state's job printed; empty where it has none yet."""
    if stage.name not in JOB_LOGS:
        return ""
    group, ending = JOB_LOGS[stage.name]
    job = job_name(execution_arn, ending)
    try:
        events = logs.filter_log_events(logGroupName=group, logStreamNamePrefix=job)["events"]
    except logs.exceptions.ResourceNotFoundException:
        return ""
    lines = [event["message"].strip() for event in events]
    return next((line for line in reversed(lines) if line), "")


def job_name(execution_arn: str, ending: str) -> str:
    """What an execution calls a job (a name too long for SageMaker is shortened, and then not found by this one)."""
    machine, execution = execution_arn.split(":")[-2:]
    prefix, _, kind = machine.rpartition("-")
    return f"{prefix}-{'pretrain-' if kind == 'pretraining' else ''}{execution}{ending}"

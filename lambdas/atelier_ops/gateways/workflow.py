"""Step Functions: task tokens that wait, and executions."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from atelier_ops.errors import ExecutionNameTakenError
from atelier_ops.gateways.aws import Tolerance, client

NOBODY_WAITS = ("TaskTimedOut", "TaskDoesNotExist", "InvalidToken")
LONGEST_CAUSE = 32_000
NEWEST_EVENTS = 3_000
STOPPED = ("TIMED_OUT", "ABORTED")
"""Statuses of an execution that was ended where it stood: none of its states has reported that."""

UNSUCCESSFUL = ("FAILED", *STOPPED)
"""Statuses of an execution that has ended and did not do all that it was to do."""


@dataclass(frozen=True, kw_only=True)
class Execution:
    """One execution as Step Functions describes it; ``output`` is parsed JSON, and so is ``input``, empty where it is no object."""

    name: str
    status: str
    started: datetime
    input: Mapping[str, Any]
    stopped: datetime | None = None
    redriven: datetime | None = None
    output: Any = None
    error: str = ""
    cause: str = ""


@dataclass(frozen=True, kw_only=True)
class StartedExecution:
    """One execution of a list."""

    name: str
    started: datetime


@dataclass(frozen=True, kw_only=True)
class MapRun:
    """How far a Distributed Map is: how many of its items are how far."""

    started: datetime
    ended: bool
    pending: int
    running: int
    succeeded: int
    failed: int
    aborted: int


@dataclass(frozen=True, kw_only=True)
class StateEvent:
    """A state was entered or left; ``kind`` is Task, Choice, Pass, Succeed, Fail, Wait, Parallel or Map.

    ``notes`` are what a state that was left had to say: a plan's notes, or a processing job's; ``assigned`` are the variables that it
    left behind.
    """

    state: str
    kind: str
    entered: bool
    at: datetime
    notes: tuple[str, ...] = ()
    assigned: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Past:
    """What an execution went through: the states that it entered, in order, and the variables that it had in the end."""

    entered: list[str]
    variables: dict[str, Any]


class Tokens:
    """Answers to a state that waits with a task token."""

    def succeed(self, token: str, output: Mapping[str, Any]) -> bool:
        """Let the state go on with ``output``; False where it no longer waits."""
        return self._send("send_task_success", taskToken=token, output=json.dumps(output))

    def fail(self, token: str, error: str, cause: str) -> bool:
        """Let the state fail; False where it no longer waits."""
        return self._send("send_task_failure", taskToken=token, error=error, cause=cause[:LONGEST_CAUSE])

    def _send(self, operation: str, **request: str) -> bool:
        with Tolerance(*NOBODY_WAITS):
            getattr(client("stepfunctions"), operation)(**request)
            return True
        return False


class Executions:
    """Executions of the state machine with this ARN."""

    def __init__(self, state_machine_arn: str) -> None:
        self._arn = state_machine_arn

    def start(self, name: str, request: Mapping[str, Any]) -> None:
        """Start; the same name and input while it runs is fine. Raises ExecutionNameTakenError otherwise."""
        body = json.dumps(request, sort_keys=True)
        with Tolerance("ExecutionAlreadyExists"):
            client("stepfunctions").start_execution(stateMachineArn=self._arn, name=name, input=body)
            return
        raise ExecutionNameTakenError(f"execution {name} exists")

    def stop(self, name: str) -> None:
        """End a running execution as ABORTED; the job it waits for is stopped too, unless it was adopted (ADR 0016)."""
        client("stepfunctions").stop_execution(
            executionArn=self._execution_arn(name), error="Canceled", cause="canceled through the API"
        )

    def describe(self, name: str) -> Execution | None:
        """The execution, or None. Eventually consistent: one that has just been started may be None for a moment."""
        with Tolerance("ExecutionDoesNotExist", "InvalidArn"):  # an input may name what no execution can be called
            response = client("stepfunctions").describe_execution(executionArn=self._execution_arn(name))
            return Execution(
                name=name,
                status=response["status"],
                started=response["startDate"],
                stopped=response.get("stopDate"),
                redriven=response.get("redriveDate"),
                input=given if isinstance(given := json.loads(response.get("input") or "{}"), dict) else {},
                output=json.loads(response.get("output") or "null"),
                error=response.get("error") or "",
                cause=response.get("cause") or "",
            )
        return None

    def map_run(self, name: str) -> MapRun | None:
        """The first map of the execution, or None where there is none yet."""
        with Tolerance("ExecutionDoesNotExist", "ResourceNotFound"):
            runs = client("stepfunctions").list_map_runs(executionArn=self._execution_arn(name))["mapRuns"]
            if runs:
                found = client("stepfunctions").describe_map_run(mapRunArn=runs[0]["mapRunArn"])
                counts = found["itemCounts"]
                return MapRun(
                    started=found["startDate"],
                    ended="stopDate" in found,
                    failed=counts["failed"] + counts["timedOut"],
                    **{kind: counts[kind] for kind in ("pending", "running", "succeeded", "aborted")},
                )
        return None

    def listing(self, **chosen: str) -> Iterator[StartedExecution]:
        """Every execution of the last 90 days, or with ``statusFilter`` those of one status, the most recent first.

        A running one is as recent as its start, another as its end. They come a page at a time; one that has just begun may be missing.
        """
        pages = client("stepfunctions").get_paginator("list_executions")
        for page in pages.paginate(stateMachineArn=self._arn, PaginationConfig={"PageSize": 1_000}, **chosen):
            for each in page["executions"]:
                yield StartedExecution(name=each["name"], started=each["startDate"])

    def events(self, name: str) -> list[StateEvent]:
        """States entered and left, oldest first (of the newest 3,000 history events).

        None where the execution is too young to be found.
        """
        with Tolerance("ExecutionDoesNotExist"):
            pages = client("stepfunctions").get_paginator("get_execution_history")
            limits = {"MaxItems": NEWEST_EVENTS, "PageSize": 1_000}
            newest = pages.paginate(
                executionArn=self._execution_arn(name), reverseOrder=True, PaginationConfig=limits
            ).build_full_result()
            events = [_state_event(event) for event in reversed(newest["events"])]
            return [event for event in events if event is not None]
        return []

    def past(self, name: str) -> Past:
        """Read from the whole history: of an execution that was stopped, nothing else says how far it came."""
        pages = client("stepfunctions").get_paginator("get_execution_history")
        past = Past(entered=[], variables={})
        for page in pages.paginate(executionArn=self._execution_arn(name), PaginationConfig={"PageSize": 1_000}):
            for event in page["events"]:
                if "stateEnteredEventDetails" in event:
                    past.entered.append(event["stateEnteredEventDetails"]["name"])
                past.variables.update(_assigned(event.get("stateExitedEventDetails", {})))
        return past

    def _execution_arn(self, name: str) -> str:
        return f"{self._arn.replace(':stateMachine:', ':execution:')}:{name}"


def _state_event(event: dict[str, Any]) -> StateEvent | None:
    for ending, key in (("StateEntered", "stateEnteredEventDetails"), ("StateExited", "stateExitedEventDetails")):
        if event["type"].endswith(ending) and key in event:
            return StateEvent(
                state=event[key]["name"],
                kind=event["type"].removesuffix(ending),
                entered=ending == "StateEntered",
                at=event["timestamp"],
                notes=_notes(json.loads(event[key].get("output") or "null")),
                assigned=_assigned(event[key]),
            )
    return None


def _assigned(left: Mapping[str, Any]) -> dict[str, Any]:
    """The variables that a state assigned when it was left, from its event's details."""
    return {name: json.loads(value) for name, value in left.get("assignedVariables", {}).items()}


def _notes(output: Any) -> tuple[str, ...]:
    """The notes in a state's output, where it is a Lambda's answer with a plan or SageMaker's description of a processing job.

    The message of a job that did not complete is why.
    """
    if not isinstance(output, dict):
        return ()
    answer = output.get("Payload")
    message = str(output.get("ExitMessage") or "") if output.get("ProcessingJobStatus") == "Completed" else ""
    return tuple(answer.get("notes", ()) if isinstance(answer, dict) else message.splitlines())

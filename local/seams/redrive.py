"""RedriveExecution: an execution that did not succeed goes on at the state that it entered last, under its own ARN and with its variables.

As on AWS, one that ended in a Fail state enters that state again, and fails again. In the same way an execution goes on that was running
when the server ended; it does not enter its state once more, and what the state has begun is not begun again.
"""

import contextvars
import json
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from ministack.core.responses import error_response_json, json_response, now_iso
from ministack.services import stepfunctions

_REDRIVEN, _ENTERED = "redriveCount", "stateEnteredEventDetails"
_OVER = {"RUNNING", "SUCCEEDED"}
"""Statuses of executions that cannot be redriven."""

_INTERRUPTED = "interrupted"
"""Member of an execution's record that is to go on where the server's end has left it."""

in_interrupted_state: contextvars.ContextVar[bool] = contextvars.ContextVar("in_interrupted_state", default=False)
"""Whether this thread is in the state in which the server's end has left the execution."""


def install() -> None:
    """Add the action, and what it needs to know of an execution. To be called before the thread of a run is wrapped any further."""
    stepfunctions._run_execution = _running(stepfunctions._run_execution)
    stepfunctions._execute_task = _keeping_variables(stepfunctions._execute_task)
    stepfunctions._describe_execution = _described(stepfunctions._describe_execution)
    handle = stepfunctions.handle_request

    async def handle_request(method: str, path: str, headers: Any, body: bytes, query: Any) -> Any:
        if headers.get("x-amz-target", "").endswith(".RedriveExecution"):
            return stepfunctions._finalize_response(_redrive(json.loads(body)))
        return await handle(method, path, headers, body, query)

    stepfunctions.handle_request = handle_request


def go_on(arn: str) -> None:
    """Let an execution that was running when the server ended go on, in this thread, until it ends. One that cannot, fails, and says so."""
    execution = stepfunctions._executions[arn]
    execution[_INTERRUPTED] = True
    try:
        stepfunctions._run_execution(arn)
    except Exception as error:  # noqa: BLE001  the edge of this thread: an execution must end, also by our own mistake
        cause = f"The local cloud was restarted, and this execution cannot go on: {type(error).__name__}: {error}"
        stepfunctions._fail_execution(execution, "States.Runtime", cause)


def _running(run: Callable[[str], None]) -> Callable[[str], None]:
    def run_or_continue(exec_arn: str) -> None:
        execution = stepfunctions._executions.get(exec_arn)
        interrupted = bool(execution and execution.pop(_INTERRUPTED, False))
        if execution and (interrupted or execution.get(_REDRIVEN)):
            _continue(execution, interrupted=interrupted)
            return
        machine = execution and stepfunctions._state_machines.get(execution["stateMachineArn"])
        if machine:
            execution["definition"] = machine["definition"]  # a redriven execution keeps it
        run(exec_arn)

    return run_or_continue


def _keeping_variables(execute: Callable[..., Any]) -> Callable[..., Any]:
    def execute_task(state_def: Any, raw_input: Any, execution: dict[str, Any], ctx: dict[str, Any]) -> Any:
        execution["variables"] = ctx["variables"]  # the same object, which later states change
        return execute(state_def, raw_input, execution, ctx)

    return execute_task


def _described(describe: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def describe_execution(data: dict[str, Any]) -> Any:
        status, headers, body = describe(data)
        execution = stepfunctions._executions.get(data.get("executionArn"))
        if execution is None:
            return status, headers, body
        return json_response({**json.loads(body), **_redrive_members(execution)}, status)

    return describe_execution


def _redrive_members(execution: dict[str, Any]) -> dict[str, Any]:
    reason = _reason(execution)
    members = {_REDRIVEN: execution.get(_REDRIVEN, 0), "redriveStatus": "NOT_REDRIVABLE" if reason else "REDRIVABLE"}
    return {
        **members,
        **({"redriveStatusReason": reason} if reason else {}),
        **({"redriveDate": execution["redriveDate"]} if _REDRIVEN in execution else {}),
    }


def _reason(execution: dict[str, Any]) -> str:
    """Why an execution cannot be redriven, in AWS's words; empty where it can."""
    if execution["status"] in _OVER:
        return f"Execution is {execution['status']} and cannot be redriven"
    if execution["stateMachineArn"] not in stepfunctions._state_machines:
        return "State machine is in DELETING status"
    return ""


def _redrive(data: dict[str, Any]) -> Any:
    arn = data.get("executionArn", "")
    stopped = stepfunctions._executions.get(arn)
    if stopped is None:
        return error_response_json("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'", 400)
    if reason := _reason(stopped):
        return error_response_json("ExecutionNotRedrivable", reason, 400)
    # A copy, because the thread of a stopped run may still hold the record that says so.
    ended = dict.fromkeys(("stopDate", "output", "error", "cause"))
    count, date = stopped.get(_REDRIVEN, 0) + 1, now_iso()
    record = {**stopped, **ended, "status": "RUNNING", _REDRIVEN: count, "redriveDate": date}
    record["events"] = list(stopped["events"])
    stepfunctions._executions[arn] = record
    stepfunctions._add_event(record, "ExecutionRedriven", {"executionRedrivenEventDetails": {_REDRIVEN: count}})
    stepfunctions._emit_execution_status_event(record)
    thread = threading.Thread(
        target=contextvars.copy_context().run, args=(stepfunctions._run_execution, arn), daemon=True
    )
    thread.start()
    return json_response({"redriveDate": date})


def _continue(execution: dict[str, Any], *, interrupted: bool) -> None:
    """Walk the definition from the state that was entered last to the end."""
    machine = stepfunctions._state_machines[execution["stateMachineArn"]]
    definition = json.loads(execution.setdefault("definition", machine["definition"]))
    name, given = _last_entered(execution, definition)
    ctx = _context(execution, definition)
    try:
        if interrupted and name and _entered(execution):
            state = _rest(definition["States"][name], given, execution, ctx)
            given, name = _again(name, state, given, execution, ctx)
        while name and execution["status"] == "RUNNING":
            given, name = _walk(name, definition["States"][name], given, execution, ctx)
    except stepfunctions._ExecutionError as error:
        stepfunctions._fail_execution(execution, error.error, error.cause)
        return
    if execution["status"] == "RUNNING":
        output = json.dumps(given)
        execution.update(status="SUCCEEDED", output=output, stopDate=now_iso())
        details = {"executionSucceededEventDetails": {"output": output}}
        stepfunctions._add_event(execution, "ExecutionSucceeded", details)
        stepfunctions._emit_execution_status_event(execution)


def _entered(execution: dict[str, Any]) -> list[dict[str, Any]]:
    """The events of the states that were entered, oldest first."""
    return [event for event in execution["events"] if _ENTERED in event]


def _last_entered(execution: dict[str, Any], definition: dict[str, Any]) -> tuple[str | None, Any]:
    """The state that was entered last, and its input; the first one, where none was."""
    if not (entered := _entered(execution)):
        return definition["StartAt"], json.loads(execution["input"])
    return entered[-1][_ENTERED]["name"], json.loads(entered[-1][_ENTERED]["input"])


def _rest(state: dict[str, Any], given: Any, execution: dict[str, Any], ctx: dict[str, Any]) -> dict[str, Any]:
    """A state that waits for a number of seconds as one that waits until a moment: those that are over are not waited for again."""
    if state["Type"] != "Wait" or "Seconds" not in state:
        return state
    seconds = state["Seconds"]
    if isinstance(seconds, str):
        seconds = stepfunctions._jsonata_wait_seconds(state, given, ctx)
    since = datetime.fromisoformat(_entered(execution)[-1]["timestamp"])
    rest = {name: value for name, value in state.items() if name != "Seconds"}
    return {**rest, "Timestamp": (since + timedelta(seconds=seconds)).isoformat()}


def _context(execution: dict[str, Any], definition: dict[str, Any]) -> dict[str, Any]:
    """What expressions see as ``$states.context``, and the variables."""
    machine = stepfunctions._state_machines[execution["stateMachineArn"]]
    count, date = execution.get(_REDRIVEN, 0), execution.get("redriveDate")
    redriven = {"RedriveCount": count, "RedriveTime": date} if count else {}
    return {
        "QueryLanguage": definition.get("QueryLanguage", "JSONPath"),
        "Execution": {
            "Id": execution["executionArn"],
            "Input": json.loads(execution["input"]),
            "Name": execution["name"],
            "StartTime": execution["startDate"],
            **redriven,
        },
        "StateMachine": {"Id": execution["stateMachineArn"], "Name": machine["name"]},
        "variables": dict(execution.get("variables", {})),
    }


def _walk(
    name: str, state: dict[str, Any], given: Any, execution: dict[str, Any], ctx: dict[str, Any]
) -> tuple[Any, str | None]:
    """One state: its output, and the state that follows. Raises what fails."""
    entered = {"name": name, "input": json.dumps(given)}
    stepfunctions._add_event(execution, f"{state['Type']}StateEntered", {_ENTERED: entered})
    return _carry_out(name, state, given, execution, ctx)


def _again(
    name: str, state: dict[str, Any], given: Any, execution: dict[str, Any], ctx: dict[str, Any]
) -> tuple[Any, str | None]:
    """The state in which the execution was interrupted."""
    token = in_interrupted_state.set(True)
    try:
        return _carry_out(name, state, given, execution, ctx)
    finally:
        in_interrupted_state.reset(token)


def _carry_out(
    name: str, state: dict[str, Any], given: Any, execution: dict[str, Any], ctx: dict[str, Any]
) -> tuple[Any, str | None]:
    kind = state["Type"]
    ctx["State"] = {"Name": name, "EnteredTime": _entered(execution)[-1]["timestamp"], "RetryCount": 0}
    following: str | None = None
    if kind == "Fail":
        raise stepfunctions._ExecutionError(*stepfunctions._fail_state_error(state, given, ctx))
    if kind == "Succeed":
        given = stepfunctions._apply_output_path(state, stepfunctions._apply_input_path(state, given, ctx), ctx)
    elif kind in ("Task", "Parallel", "Map"):
        given, following = getattr(stepfunctions, f"_execute_{kind.lower()}")(state, given, execution, ctx)
    else:
        given, following = getattr(stepfunctions, f"_execute_{kind.lower()}")(state, given, ctx)
    exited = {"name": name, "output": json.dumps(given)}
    stepfunctions._add_event(execution, f"{kind}StateExited", {"stateExitedEventDetails": exited})
    return given, following

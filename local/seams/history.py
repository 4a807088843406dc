"""GetExecutionHistory as on AWS: it says which variables a state assigned, and an execution's end is its last event.

ministack keeps the variables to itself, and lets a state that was at work when its execution was stopped note that it has been left.
"""

import json
from typing import Any

from ministack.services import stepfunctions

_ASSIGNED = "assigned"
"""Member of an execution's record: what the state under way has assigned, until it is left."""

_ENDS = ("ExecutionAborted", "ExecutionFailed", "ExecutionSucceeded", "ExecutionTimedOut")
_BEGUN_AGAIN = "ExecutionRedriven"


def install() -> None:
    """Note what states assign, and add it to the event of their end; note nothing after an execution's end."""
    assign, add_event = stepfunctions._apply_state_assign, stepfunctions._add_event

    def noted(state: Any, given: Any, ctx: Any, **options: Any) -> None:
        assign(state, given, ctx, **options)
        execution = stepfunctions._executions.get((ctx or {}).get("Execution", {}).get("Id"))
        if execution is not None:
            names = state.get("Assign", {})
            execution["variables"] = ctx["variables"]  # the same object, which later states change
            execution.setdefault(_ASSIGNED, {}).update({name: json.dumps(ctx["variables"][name]) for name in names})

    def added(execution: dict[str, Any], kind: str, details: Any = None) -> Any:
        if execution["events"] and execution["events"][-1]["type"] in _ENDS and kind != _BEGUN_AGAIN:
            return execution["events"][-1]
        exited = (details or {}).get("stateExitedEventDetails")
        if exited is not None and (assigned := execution.pop(_ASSIGNED, None)):
            details = {**details, "stateExitedEventDetails": {**exited, "assignedVariables": assigned}}
        return add_event(execution, kind, details)

    stepfunctions._apply_state_assign, stepfunctions._add_event = noted, added

"""GetExecutionHistory says which variables a state assigned, as on AWS; ministack keeps them to itself."""

import json
from typing import Any

from ministack.services import stepfunctions

_ASSIGNED = "assigned"
"""Member of an execution's record: what the state under way has assigned, until it is left."""


def install() -> None:
    """Note what states assign, and add it to the event of their end."""
    assign, add_event = stepfunctions._apply_state_assign, stepfunctions._add_event

    def noted(state: Any, given: Any, ctx: Any, **options: Any) -> None:
        assign(state, given, ctx, **options)
        execution = stepfunctions._executions.get((ctx or {}).get("Execution", {}).get("Id"))
        if execution is not None:
            names = state.get("Assign", {})
            execution["variables"] = ctx["variables"]  # the same object, which later states change
            execution.setdefault(_ASSIGNED, {}).update({name: json.dumps(ctx["variables"][name]) for name in names})

    def added(execution: dict[str, Any], kind: str, details: Any = None) -> Any:
        exited = (details or {}).get("stateExitedEventDetails")
        if exited is not None and (assigned := execution.pop(_ASSIGNED, None)):
            details = {**details, "stateExitedEventDetails": {**exited, "assignedVariables": assigned}}
        return add_event(execution, kind, details)

    stepfunctions._apply_state_assign, stepfunctions._add_event = noted, added

"""Refuses requests about executions that Step Functions refuses and ministack takes."""

import json
import re
from collections.abc import Callable
from typing import Any

from ministack.core.responses import error_response_json
from ministack.services import stepfunctions

LONGEST_DATA = 262_144
"""Bytes of an execution's input, and of what a task gets and gives (quotas of Step Functions: 256 KiB as UTF-8)."""

_NAME = re.compile(r"[^\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]{1,80}")
"""What a name may not hold is listed under StartExecution."""


def install() -> None:
    """Put the checks before what ministack does."""
    for action in ("_start_execution", "_start_sync_execution"):
        setattr(stepfunctions, action, _checked(getattr(stepfunctions, action), _refuse_start))
    stepfunctions._send_task_success = _checked(stepfunctions._send_task_success, _refuse_output)


def _checked(answer: Callable[[Any], Any], refuse: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def checked(data: dict[str, Any]) -> Any:
        return refuse(data) or answer(data)

    return checked


def _refuse_start(data: dict[str, Any]) -> Any:
    name, given = data.get("name"), data.get("input", "{}")
    if name is not None and not _NAME.fullmatch(name):
        return error_response_json("InvalidName", f"Invalid Name: '{name}'", 400)
    if problem := _json_problem(given):
        return error_response_json("InvalidExecutionInput", f"Invalid State Machine Execution Input: '{problem}'", 400)
    return None


def _refuse_output(data: dict[str, Any]) -> Any:
    if problem := _json_problem(data.get("output", "{}")):
        return error_response_json("InvalidOutput", f"Invalid Output: '{problem}'", 400)
    return None


def _json_problem(text: str) -> str:
    """Why a text is not the JSON that Step Functions takes; empty where it is."""
    if (size := len(text.encode())) > LONGEST_DATA:
        return f"{size} bytes; at most {LONGEST_DATA} are allowed"
    try:
        json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        return str(error)
    return ""


def check_size(data: Any, what: str) -> None:
    """Raise what a state fails with where what its task gets or gives is too large."""
    if len(json.dumps(data, ensure_ascii=False, default=str).encode()) > LONGEST_DATA:
        cause = f"The task returned a result with a size exceeding the maximum number of bytes service limit ({what})."
        raise stepfunctions._ExecutionError("States.DataLimitExceeded", cause)


def _no_number(text: str) -> None:
    """Python reads NaN and Infinity, which are not JSON."""
    raise ValueError(f"Unrecognized token '{text}'")

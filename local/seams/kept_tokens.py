"""Keeps the task tokens that executions wait for: a token given out before the server ended is taken after it, and so is its answer.

Of those that nobody waits for any more it keeps the state machine: who answers one is still allowed to, and told that he is too late.
"""

import contextvars
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from ministack.services import stepfunctions

from local.durable import Durable
from local.seams import states
from local.seams.services import task_machines

Row = dict[str, Any]
_SECONDS, _MACHINE = "TimeoutSeconds", "machine"
MOST_ENDED = 100_000
"""Tokens whose state machine is kept though nobody waits for them."""

_NEW: Row = {"called": False, "answer": None}

_waiting: contextvars.ContextVar[str | None] = contextvars.ContextVar("kept_token", default=None)


class TokenKeeper:
    """Rows by token: the execution, since when it waits, whether the token has been handed over, and its answer.

    Of a token that nobody waits for any more only the state machine.
    """

    def __init__(self, durable: Durable) -> None:
        self._table = durable.table("task tokens")
        self._rows: dict[str, Row] = {}
        self._again: dict[str, str] = {}
        self._ended: dict[str, None] = {}

    def install(self) -> None:
        """Write each token, that it was handed over, and its answer before that is confirmed."""
        stepfunctions._invoke_with_callback = self._kept(stepfunctions._invoke_with_callback)
        stepfunctions._call_lambda = self._once(stepfunctions._call_lambda)
        stepfunctions.new_uuid = self._named(stepfunctions.new_uuid)
        for action, member in (("_send_task_success", "result"), ("_send_task_failure", "error")):
            setattr(stepfunctions, action, self._answered(getattr(stepfunctions, action), member))

    def restore(self) -> None:
        """Know the tokens again, so that they can be answered before their executions go on."""
        for token, row in list(self._table.items()):
            if row.keys() == {_MACHINE}:
                task_machines[token], self._ended[token] = row[_MACHINE], None
                continue
            self._rows[token] = row
            task_machines[token] = row.get(_MACHINE, "*")
            execution = stepfunctions._executions._data.get(_place(row["execution"]))
            if execution is None or execution["status"] != "RUNNING":
                self._forget(token)
                continue
            task_machines[token] = execution["stateMachineArn"]
            entry = {"event": threading.Event(), "result": None, "error": None, "heartbeat": None}
            stepfunctions._task_tokens._data[*_place(row["execution"])[:2], token] = entry
            self._again[row["execution"]] = token

    def _named(self, new: Callable[[], str]) -> Callable[[], str]:
        def named() -> str:
            return self._again.pop(_execution(), None) or new()

        return named

    def _kept(self, invoke: Callable[..., Any]) -> Callable[..., Any]:
        def invoke_kept(resource: str, data: Any, token: str, state: Row) -> Any:
            row = self._rows.get(token)
            if row is None:
                self._rows[token] = row = {**_NEW, "began": datetime.now(UTC), "execution": _execution(), **_machine()}
                self._table.put(token, row)
            elif _SECONDS in state:
                left = state[_SECONDS] - (datetime.now(UTC) - row["began"]).total_seconds()
                state = {**state, _SECONDS: max(0.0, left)}
            waiting = _waiting.set(token)
            try:
                return invoke(resource, data, token, state)
            finally:
                _waiting.reset(waiting)
                self._forget(token)

        return invoke_kept

    def _once(self, call: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        def call_once(function: Any, event: Any) -> Any:
            token = _waiting.get()
            row = self._rows.get(token or "")
            if token is None or row is None:
                return call(function, event)
            if row["answer"]:
                entry = stepfunctions._task_tokens[token]
                entry.update(row["answer"])
                entry["event"].set()
            elif not row["called"]:
                call(function, event)
                row["called"] = True
                self._table.put(token, row)
            return None

        return call_once

    def _answered(self, answer: Callable[[Row], Any], member: str) -> Callable[[Row], Any]:
        def answer_kept(data: Row) -> Any:
            token = data.get("taskToken")
            row = self._rows.get(token or "")
            if token in stepfunctions._task_tokens and row is not None and token is not None:
                said = {"Error": data.get("error", "TaskFailed"), "Cause": data.get("cause", "")}
                row["answer"] = {member: data.get("output", "{}") if member == "result" else said}
                self._table.put(token, row)
            return answer(data)

        return answer_kept

    def _forget(self, token: str) -> None:
        """Nobody waits for a token any more."""
        row = self._rows.pop(token, None)
        if row is None:
            return
        self._table.put(token, {_MACHINE: row.get(_MACHINE, "*")})
        self._ended[token] = None
        while len(self._ended) > MOST_ENDED:
            oldest = next(iter(self._ended))
            del self._ended[oldest]
            self._table.remove(oldest)


def _machine() -> Row:
    """What is kept of this thread's execution when nobody waits any more."""
    run = states.running_execution()
    return {_MACHINE: str(run.record["stateMachineArn"]) if run else ""}


def _execution() -> str:
    """The execution that this thread works for; empty without one."""
    run = states.running_execution()
    return str(run.record["executionArn"]) if run else ""


def _place(arn: str) -> tuple[str, str, str]:
    """Where ministack keeps the execution: its account, its region, its ARN."""
    region, account = arn.split(":")[3:5]
    return account, region, arn

"""Keeps Step Functions' executions: a row each, written at every event of their histories.

An execution that was running when the server ended goes on at the state that it entered last, with its variables. What that state had
begun is not done twice: a job of a `.sync` task is looked at again, a task token that was given out is waited for, a wait keeps its end.
"""

import contextvars
import hashlib
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from ministack.core.responses import request_scope
from ministack.services import stepfunctions

from local.durable import Durable
from local.errors import ServiceError
from local.retention import outlived
from local.seams import distributed_map, redrive
from local.seams.kept_tokens import TokenKeeper

Record = dict[str, Any]


class ExecutionKeeper:
    """Safe to use from many threads. ``first`` writes what executions have heard of, and raises ServiceError where it cannot."""

    def __init__(self, durable: Durable, first: Callable[[], None]) -> None:
        self._first = first
        self._executions, self._definitions = durable.table("executions"), durable.table("definitions")
        self._tokens = TokenKeeper(durable)
        self._known: dict[str, str] = {}
        self._owed: dict[str, Record] = {}
        self._lock = threading.Lock()

    def install(self) -> None:
        """Write an execution whenever something happens to it. To be called when everything else is installed."""
        add_event, emit = stepfunctions._add_event, stepfunctions._emit_execution_status_event

        def added(execution: Record, *event: Any) -> Any:
            result = add_event(execution, *event)
            self._write(execution)
            return result

        def emitted(execution: Record) -> None:
            self._write(execution)
            emit(execution)

        stepfunctions._add_event, stepfunctions._emit_execution_status_event = added, emitted
        self._tokens.install()

    def save(self) -> None:
        """Write what could not be written when it happened, and drop what is too old or too much. Raises ServiceError where it cannot."""
        with self._lock:
            for place in outlived(dict(stepfunctions._executions._data), datetime.now(UTC)):
                self._executions.remove(place[2])
                stepfunctions._executions._data.pop(place, None)
                self._owed.pop(place[2], None)
            for arn, execution in list(self._owed.items()):
                self._put(execution)
                self._owed.pop(arn, None)

    def restore(self) -> None:
        """Put the executions back as they were. To be called when the state machines are there."""
        self._known = dict(self._definitions.items())
        used = set()
        for arn, record in self._executions.items():
            if "definition" in record:
                used.add(record["definition"])
                record["definition"] = self._known[record["definition"]]
            region, account = arn.split(":")[3:5]
            stepfunctions._executions._data[account, region, arn] = record
        for name in self._known.keys() - used:
            self._definitions.remove(name)
            del self._known[name]
        self._tokens.restore()

    def resume(self) -> None:
        """Let those go on that were running. To be called when requests are answered."""
        for arn in list(self._running()):
            region, account = arn.split(":")[3:5]
            with request_scope(account, region):
                context = contextvars.copy_context()
            threading.Thread(target=context.run, args=(redrive.go_on, arn), name=arn, daemon=True).start()

    def _running(self) -> Iterator[str]:
        for record in list(stepfunctions._executions._data.values()):
            # The children of a map go on with their parent.
            if record["status"] == "RUNNING" and distributed_map.PARENT not in record:
                yield record["executionArn"]

    def _write(self, execution: Record) -> None:
        """The thread of an execution cannot be told that the disk is full: it is written as soon as there is room."""
        with self._lock:
            try:
                self._put(execution)
                self._owed.pop(execution["executionArn"], None)
            except ServiceError:
                self._owed[execution["executionArn"]] = execution

    def _put(self, execution: Record) -> None:
        arn, definition = execution["executionArn"], execution.get("definition")
        if stepfunctions._executions._data.get((*reversed(arn.split(":")[3:5]), arn)) is not execution:
            return  # the thread of a stopped run, whose execution was redriven meanwhile
        # Were a job's end not written that its execution goes by, the job would begin again after a restart.
        self._first()
        row = dict(execution)
        if definition is not None:
            row["definition"] = name = hashlib.sha256(definition.encode()).hexdigest()
            if name not in self._known:
                self._definitions.put(name, definition)
                self._known[name] = definition
        self._executions.put(arn, row)

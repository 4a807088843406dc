"""Step Functions' Distributed Map: its fields in JSONata, children that end with their parent, and that outlive the server.

ministack reads JSONPath only, lets children go on whose execution was stopped, and begins a map anew after a restart. Here a child is an
execution of its own, as on AWS: its task tokens are its own, and a map that was interrupted goes on with the children that had not ended.
"""

import contextvars
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError
from ministack.core.responses import now_iso
from ministack.services import stepfunctions

from local.sagemaker.control_plane import ControlPlane
from local.seams import map_results, redrive, states, task_permissions

Record = dict[str, Any]

PARENT = "mapRunArn"
"""Member of an execution's record that names the map run whose child it is."""

_MAP_RUN, _TOKEN, _INDEX = "mapRun", "taskToken", "mapIndex"
_KINDS = ("pending", "running", "succeeded", "failed", "timedOut", "aborted", "total", "resultsWritten")
_MOST_AT_ONCE = 64  # children, where the state does not say; AWS allows 10,000


def install(sagemaker: ControlPlane, root_client: Callable[[str], Any]) -> None:
    """Run Distributed Maps here. ``root_client`` is as in ``states``: the role is looked at before."""

    def run(state: Record, given: Any, effective: Any, processor: Record, execution: Record, ctx: Record) -> Any:
        of = {"state": state, "given": given, "processor": processor, "execution": execution, "ctx": ctx}
        return _MapRun(sagemaker=sagemaker, s3=root_client("s3"), **of).run()

    stepfunctions._run_distributed_map = run
    stepfunctions._stop_execution = _with_children(stepfunctions._stop_execution)
    stepfunctions._invoke_with_callback = _noting_token(stepfunctions._invoke_with_callback)


def _with_children(stop: Callable[[Record], Any]) -> Callable[[Record], Any]:
    def stop_execution(data: Record) -> Any:
        answer = stop(data)
        execution = stepfunctions._executions.get(data.get("executionArn"))
        if execution is not None and execution["status"] == "ABORTED":
            _abort_children(execution)
        return answer

    return stop_execution


def _noting_token(invoke: Callable[..., Any]) -> Callable[..., Any]:
    """A child that is aborted must not go on waiting for its token."""

    def invoke_noted(resource: str, data: Any, token: str, state: Record) -> Any:
        running = states.running_execution()
        if running is not None and PARENT in running.record:
            running.record[_TOKEN] = token
        return invoke(resource, data, token, state)

    return invoke_noted


def _abort_children(execution: Record) -> None:
    run = execution.get(_MAP_RUN)
    for child in _children(run) if run else ():
        if child["status"] == "RUNNING":
            child.update(status="ABORTED", stopDate=now_iso())
            waiting = stepfunctions._task_tokens.get(child.get(_TOKEN))
            if waiting is not None:
                waiting["error"] = {"Error": "States.Runtime", "Cause": "The Map Run was stopped."}
                waiting["event"].set()


def _children(run: Record) -> list[Record]:
    arn = run["mapRunArn"]
    return [record for record in list(stepfunctions._executions.values()) if record.get(PARENT) == arn]


@dataclass(kw_only=True)
class _MapRun:
    """One run of a Map state."""

    sagemaker: ControlPlane
    s3: Any
    state: Record
    given: Any
    processor: Record
    execution: Record
    ctx: Record
    record: Record = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self) -> tuple[Any, str | None]:
        """Its output and the state that follows. Raises what the state fails with."""
        items = self._items()
        most = int(self._number("MaxConcurrency", 0)) or _MOST_AT_ONCE
        earlier = self._begin(len(items), most)
        with ThreadPoolExecutor(max_workers=min(most, max(1, len(items)))) as pool:
            begun = [
                pool.submit(contextvars.copy_context().run, self._child, index, item, earlier.get(index))
                for index, item in enumerate(items)
            ]
        for child in begun:
            child.result()
        over, stopped = self._is_exceeded(), self.execution["status"] != "RUNNING"
        self.record.update(status="ABORTED" if stopped else "FAILED" if over else "SUCCEEDED", stopDate=now_iso())
        if over:
            cause = "The specified tolerated failure threshold was exceeded"
            raise stepfunctions._ExecutionError("States.ExceedToleratedFailureThreshold", cause)
        result = self._result()
        options = {"result": result, "default": result}
        output = stepfunctions._apply_jsonata_output(self.state, self.given, self.ctx, **options)
        stepfunctions._apply_state_assign(self.state, self.given, self.ctx, result=result)
        return output, stepfunctions._next_or_end(self.state)

    def _result(self) -> Any:
        """What the children gave; with a writer, where that lies."""
        place, children = self._arguments("ResultWriter"), _children(self.record)
        if not place:
            return [
                json.loads(child["output"] or "null") for child in sorted(children, key=lambda child: child[_INDEX])
            ]
        with self._allowed("s3:putObject", {**place, "Key": place["Prefix"]}, "States.ResultWriterFailed"):
            return map_results.write(self.s3, place, self.record, children)

    def _items(self) -> list[Any]:
        machine = {"StateMachineArn": self.execution["stateMachineArn"]}
        with self._allowed("states:startExecution", machine, "States.Runtime"):
            place = self._arguments("ItemReader")
        with self._allowed("s3:getObject", place, "States.ItemReaderFailed"):
            text = self.s3.get_object(**place)["Body"].read().decode()
            return list(stepfunctions._parse_reader_items(text, self.state["ItemReader"].get("ReaderConfig", {})))

    @contextmanager
    def _allowed(self, call: str, data: Record, error: str) -> Iterator[None]:
        """The state fails with ``error`` where the machine's role may not make this call, or the call fails."""
        running = states.running_execution()
        try:
            if running:
                session = self.execution["name"]
                resource = f"arn:aws:states:::{call}"
                task_permissions.check(self.sagemaker, resource, data, role=running.role, session=session)
            yield
        except stepfunctions._ExecutionError as denied:
            raise stepfunctions._ExecutionError(error, denied.cause) from denied
        except (ClientError, ValueError) as wrong:
            raise stepfunctions._ExecutionError(error, str(wrong)) from wrong

    def _arguments(self, part: str) -> Record:
        """The arguments of the state's reader or writer, evaluated; empty without one."""
        arguments = self.state.get(part, {}).get("Arguments", {})
        found: Record = stepfunctions._apply_jsonata_template(arguments, self.given, self.ctx)
        return found

    def _number(self, name: str, otherwise: float) -> float:
        if name not in self.state:
            return otherwise
        return float(stepfunctions._jsonata_state_field(self.state, name, "number", self.given, self.ctx))

    def _begin(self, total: int, most: int) -> dict[int, Record]:
        """Make the map run, or find the one that the server's end interrupted; its children by the index of their item."""
        earlier: dict[int, Record] = {}
        if redrive.in_interrupted_state.get() and _MAP_RUN in self.execution:
            self.record = self.execution[_MAP_RUN]
            earlier = {child[_INDEX]: child for child in _children(self.record)}
        else:
            machine = self.execution["stateMachineArn"]
            label = self.state.get("Label") or stepfunctions.new_uuid()
            arn = f"{machine.replace(':stateMachine:', ':mapRun:')}/{label}:{stepfunctions.new_uuid()}"
            self.record = {
                "mapRunArn": arn, "executionArn": self.execution["executionArn"], "status": "RUNNING",
                "startDate": now_iso(), "maxConcurrency": most, "redriveCount": 0,
                "_stateMachineArn": f"{machine}/{label}",
            }  # fmt: skip
            self.execution[_MAP_RUN] = self.record
        tolerated = {
            "toleratedFailurePercentage": self._number("ToleratedFailurePercentage", 0),
            "toleratedFailureCount": int(self._number("ToleratedFailureCount", 0)),
        }
        counts = dict.fromkeys((*_KINDS, "failuresNotRedrivable", "pendingRedrive"), 0)
        counts.update(total=total, pending=total)
        self.record.update(tolerated, itemCounts=counts, executionCounts=dict(counts))
        stepfunctions._map_runs[self.record["mapRunArn"]] = self.record
        if not earlier:
            details = {"mapRunStartedEventDetails": {"mapRunArn": self.record["mapRunArn"]}}
            stepfunctions._add_event(self.execution, "MapRunStarted", details)
        return earlier

    def _child(self, index: int, item: Any, child: Record | None) -> None:
        if self.execution["status"] != "RUNNING" or self._is_exceeded():
            self._count("pending", "aborted")
            return
        self._count("pending", "running")
        if child is None or child["status"] == "RUNNING":
            child = self._carry_out(child or self._new(index, item), index, item)
        self._count("running", {"SUCCEEDED": "succeeded", "FAILED": "failed"}.get(child["status"], "aborted"))
        if self._is_exceeded():
            _abort_children(self.execution)

    def _new(self, index: int, item: Any) -> Record:
        machine, name = self.record["_stateMachineArn"], stepfunctions.new_uuid()
        ctx = {**self.ctx, "Map": {"Item": {"Index": index, "Value": item}}}
        chosen = self.state.get("ItemSelector")
        given = stepfunctions._apply_jsonata_template(chosen, self.given, ctx) if chosen else item
        child = {
            "executionArn": f"{machine.replace(':stateMachine:', ':execution:')}:{name}", "stateMachineArn": machine,
            "name": name, "status": "RUNNING", "startDate": now_iso(), "stopDate": None, "input": json.dumps(given),
            "inputDetails": {"included": True}, "output": None, "outputDetails": {"included": True},
            PARENT: self.record["mapRunArn"], _INDEX: index, "events": [], "testCase": "", "mockAttempts": {},
        }  # fmt: skip
        stepfunctions._executions[child["executionArn"]] = child
        return child

    def _carry_out(self, child: Record, index: int, item: Any) -> Record:
        given = json.loads(child["input"])
        own = {"Id": child["executionArn"], "Input": given, "Name": child["name"], "StartTime": child["startDate"]}
        ctx: Record = {
            "QueryLanguage": "JSONata",
            "Execution": own,
            "StateMachine": {"Id": child["stateMachineArn"], "Name": child["stateMachineArn"].rpartition(":")[2]},
            "Map": {"Item": {"Index": index, "Value": item}},
            "variables": {},
        }
        ended: Record
        with states.working_for(child):
            try:
                output = stepfunctions._run_sub_machine(
                    self.processor["States"], self.processor["StartAt"], given, child, ctx
                )
                ended = {"status": "SUCCEEDED", "output": json.dumps(output)}
            except stepfunctions._ExecutionError as error:
                ended = {"status": "FAILED", "error": error.error, "cause": error.cause}
            except Exception as error:  # noqa: BLE001  the edge of a child: it must end, also by our own mistake
                ended = {"status": "FAILED", "error": "States.Runtime", "cause": f"{type(error).__name__}: {error}"}
        if child["status"] == "RUNNING":
            child.update(ended, stopDate=now_iso())
            kind = "ExecutionSucceeded" if ended["status"] == "SUCCEEDED" else "ExecutionFailed"
            stepfunctions._add_event(child, kind)
        return child

    def _count(self, before: str, after: str) -> None:
        with self.lock:
            for counts in (self.record["itemCounts"], self.record["executionCounts"]):
                counts[before] -= 1
                counts[after] += 1

    def _is_exceeded(self) -> bool:
        """Whether more children failed than the state tolerates: none, where it does not say."""
        counts = self.record["itemCounts"]
        limits = []
        if "ToleratedFailureCount" in self.state:
            limits.append(counts["failed"] > self.record["toleratedFailureCount"])
        if "ToleratedFailurePercentage" in self.state:
            limits.append(counts["failed"] * 100 > self.record["toleratedFailurePercentage"] * counts["total"])
        return any(limits) if limits else counts["failed"] > 0

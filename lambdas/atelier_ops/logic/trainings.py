"""/v1/trainings: an execution of the state machine in Replicate's words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from atelier_ops.errors import ExecutionNameTakenError
from atelier_ops.gateways.workflow import Execution, Executions, StateEvent
from atelier_ops.logic.http import ProblemError, Request, Response
from atelier_ops.logic.identity import new_id
from atelier_ops.logic.timestamps import rfc3339
from contracts.errors import InvalidInputError
from contracts.execution import ExecutionInput
from contracts.fields import only_keys, read, text
from contracts.layout import S3Uri, style_prefix

STATUSES = {
    "RUNNING": "processing",
    "PENDING_REDRIVE": "processing",
    "SUCCEEDED": "succeeded",
    "FAILED": "failed",
    "TIMED_OUT": "failed",
    "ABORTED": "canceled",
}
REPORTING = "RecordFailure"
"""The state that reports a failure is not the one that failed."""

CHECKS = {"destination": text(longest=100, meaning="style or owner/style"), "input": lambda where, value: value}


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What trainings need."""

    executions: Executions
    model_bucket: str


def create(request: Request, desk: Desk, now: float) -> Response:
    """201 with a training that is starting. The same Idempotency-Key and input give the same one.

    Raises ProblemError, InvalidInputError.
    """
    body = read("body", request.json(), CHECKS, required=["destination", "input"])
    asked = _execution_input(body["destination"], body["input"])
    name = f"{asked['style']}-{new_id(request, 'training')[:12]}"
    try:
        desk.executions.start(name, asked)
    except ExecutionNameTakenError as error:
        found = desk.executions.describe(name)
        if found is None or found.input != asked:
            raise ProblemError(
                422, "Idempotency-Key: got one that another input came with; allowed: a new key"
            ) from error
    # Step Functions may not find for a moment what it has just started.
    made = desk.executions.describe(name) or _just_started(name, asked, now)
    return Response(status=201, body=_show(made, request, desk), headers={"Location": _self(request, name)})


def get(request: Request, desk: Desk, training: str) -> Response:
    """200 with the training as it is now. Raises ProblemError 404."""
    return Response(status=200, body=_show(_existing(training, desk), request, desk))


def cancel(request: Request, desk: Desk, training: str) -> Response:
    """200 with the training, its execution and the job under way stopped unless it had ended. Raises ProblemError 404."""
    if _existing(training, desk).status == "RUNNING":
        desk.executions.stop(training)
    return get(request, desk, training)


def _execution_input(destination: str, given: object) -> dict[str, Any]:
    """The state machine's input, checked now rather than by a run that fails. Only what was given is passed on."""
    style = destination.rpartition("/")[2]
    fields = dict(only_keys("input", given, ExecutionInput.__dataclass_fields__))
    if fields.setdefault("style", style) != style:
        raise InvalidInputError("input.style", got=fields["style"], allowed=f"{style}, as in destination, or left out")
    ExecutionInput.from_json(fields)
    return fields


def _just_started(name: str, asked: dict[str, Any], now: float) -> Execution:
    at = datetime.fromtimestamp(now, UTC)
    return Execution(
        name=name, status="RUNNING", started=at, stopped=None, input=asked, output=None, error="", cause=""
    )


def _existing(name: str, desk: Desk) -> Execution:
    found = desk.executions.describe(name)
    if found is None:
        raise ProblemError(404, f"training: got {name}; allowed: the id of one made in the last 90 days")
    return found


def _show(found: Execution, request: Request, desk: Desk) -> dict[str, Any]:
    events = desk.executions.events(found.name)
    output = (found.output or {}) if found.status == "SUCCEEDED" else {}
    return {
        "id": found.name,
        "version": found.input.get("base_model") or "default",
        "model": found.input.get("style"),
        "status": _status(found, events),
        "input": found.input,
        "output": _output(found.input, output, desk.model_bucket),
        "error": found.cause or found.error or None,
        "logs": logs(events),
        "metrics": _metrics(found, output),
        "created_at": rfc3339(found.started),
        "started_at": rfc3339(found.started),
        "completed_at": rfc3339(found.stopped) if found.stopped else None,
        "urls": {"get": _self(request, found.name), "cancel": f"{_self(request, found.name)}/cancel"},
        "stage": "done" if found.status == "SUCCEEDED" else stage(events),
        "progress": None,
        "queue_position": None,
    }


def _status(found: Execution, events: Sequence[StateEvent]) -> str:
    if found.status == "RUNNING" and not events:
        return "starting"
    return STATUSES[found.status]


def stage(events: Sequence[StateEvent]) -> str | None:
    """The state that does work now, or did last."""
    entered = [event.state for event in events if event.entered and event.kind == "Task" and event.state != REPORTING]
    return entered[-1] if entered else None


def logs(events: Sequence[StateEvent]) -> str:
    """A line for each state that started or finished work, with what it took."""
    lines, since = [], dict[str, datetime]()
    for event in events:
        if event.kind != "Task":
            continue
        if event.entered:
            since[event.state] = event.at
            lines.append(f"{rfc3339(event.at)} {event.state} started\n")
        else:
            taken = (event.at - since.get(event.state, event.at)).total_seconds()
            lines.append(f"{rfc3339(event.at)} {event.state} finished in {taken:.1f} s\n")
    return "".join(lines)


def _output(asked: Mapping[str, Any], output: Mapping[str, Any], model_bucket: str) -> dict[str, Any] | None:
    """What was published; a run with deploy none publishes nothing."""
    if not output:
        return None
    style, version = output.get("style") or asked["style"], output.get("version")
    published = version is not None and asked.get("deploy") != "none"
    weights = str(S3Uri(bucket=model_bucket, key=style_prefix(style, int(version)))) if published else None  # type: ignore[arg-type]
    return {"version": f"{style}@{version}" if published else None, "weights": weights}


def _metrics(found: Execution, output: Mapping[str, Any]) -> dict[str, Any]:
    total = {"total_time": (found.stopped - found.started).total_seconds()} if found.stopped else {}
    return {**total, **(output.get("metrics") or {})}


def _self(request: Request, name: str) -> str:
    return request.url(f"/v1/trainings/{name}")

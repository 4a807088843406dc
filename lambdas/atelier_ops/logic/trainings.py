"""/v1/trainings: an execution of the state machine in Replicate's words."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

from aws_lambda_powertools.event_handler import Response

from atelier_ops.errors import ExecutionNameTakenError
from atelier_ops.gateways.storage import ObjectStore
from atelier_ops.gateways.workflow import STOPPED, UNSUCCESSFUL, Execution, Executions, StateEvent
from atelier_ops.logic import webhooks
from atelier_ops.logic.dataset import check_names
from atelier_ops.logic.discretion import discreet
from atelier_ops.logic.failure import ending
from atelier_ops.logic.http import Dependencies, ProblemError, Request, respond
from atelier_ops.logic.logs import logs, stage
from atelier_ops.logic.ownership import claim, may_read, require_changeable, require_claimable
from atelier_ops.logic.people.persons import check_given
from atelier_ops.logic.people.style_people import note_style
from atelier_ops.logic.repeats import other_body
from atelier_ops.logic.run_names import run_name
from atelier_ops.logic.style_terms import check_stage_terms
from atelier_ops.logic.taking_up import taken_up_by
from atelier_ops.logic.timestamps import rfc3339
from atelier_ops.logic.training_watch import UNWATCHED, decisions, metrics_so_far, watched
from atelier_ops.logic.webhook_news import announce
from atelier_ops.observability import count
from contracts.errors import InvalidInputError
from contracts.layout import FAILURE, S3Uri, run_prefix
from contracts.model_names import qualified
from contracts.people import missing_consent
from contracts.requests import ResumptionRequest, TellingRequest, TrainingRequest
from contracts.safety.training import check_training

STATUSES = {
    "RUNNING": "processing",
    "PENDING_REDRIVE": "processing",
    "SUCCEEDED": "succeeded",
    "FAILED": "failed",
    "TIMED_OUT": "failed",
    "ABORTED": "canceled",
}


def create(request: Request, dependencies: Dependencies) -> Response[str]:
    """201 with a training that is starting. The same Idempotency-Key and input give the same one.

    Raises ProblemError, InvalidInputError.
    """
    return create_of(request.read_json(), request, dependencies)


def create_of(body: Any, request: Request, dependencies: Dependencies) -> Response[str]:
    """The same for a body of another API that was translated. Raises ProblemError, InvalidInputError."""
    # Checked now rather than by a run that fails; only what the client gave is passed on.
    asked = TrainingRequest.from_json(body)
    webhooks.check_address(asked, dependencies)
    given = asked.input
    check_given(missing_consent(dependencies.consent, given.consent, "input.consent"))
    check_training(given, dependencies.safety)
    check_stage_terms(given.commercial, commercial_stage=dependencies.commercial, where="input.commercial")
    dependencies.rules.apply(given)
    # Step Functions keeps an execution's input for 90 days, whatever is deleted: who is depicted is not part of it.
    said = {name: value for name, value in given.explicit_values().items() if name != "consent"}
    inputs = addressed(said, dependencies.data)
    name = run_name("training", request.new_id("training"))
    require_claimable(given.style, request, dependencies)
    require_dataset(name, inputs, request, dependencies)
    claim(given.style, request, dependencies)
    note_style(given.consent, given.style, name, request.client, dependencies.records)
    return start(name, inputs, asked, request, dependencies)


def resume(request: Request, dependencies: Dependencies, training: str) -> Response[str]:
    """201 with a new training that takes up one that did not succeed. The same Idempotency-Key and body give the same one.

    Raises ProblemError 403, 404 and 409, InvalidInputError.
    """
    asked = ResumptionRequest.from_json(request.read_optional_json())
    webhooks.check_address(asked, dependencies)
    gate = asked.gate.to_json()
    ended = _changeable(training, request, dependencies)
    if ended.status not in UNSUCCESSFUL:
        got = f"{training}, which is {STATUSES[ended.status]}"
        raise ProblemError(409, f"training: got {got}; allowed: one that failed or was canceled")
    origin = origin_of(ended, dependencies)
    if "style" not in origin.input:
        detail = f"training: got {training}; allowed: one whose first training was made in the last 90 days"
        raise ProblemError(404, detail)
    dependencies.rules.require_gate(origin.input.get("task", "inpaint"), gate)
    name = run_name("training", request.new_id("training"))
    # Of two requests at one moment both come past this: Prepare lets one of their executions go on.
    other = taken_up_by(origin.name, dependencies.data, dependencies.executions)
    if other not in ("", name):
        allowed = f"one whose rest no other does: take up {other}, should it fail"
        raise ProblemError(409, f"training: got {training}, whose rest {other} does; allowed: {allowed}")
    return start(name, {"resume": training} | ({"gate": gate} if gate else {}), asked, request, dependencies)


def start(
    name: str, inputs: Mapping[str, Any], asked: TellingRequest, request: Request, dependencies: Dependencies
) -> Response[str]:
    """Start the execution, unless an earlier request with the same key has. Raises ProblemError 422."""
    kept = webhooks.of_training(asked, name, request, dependencies)
    try:
        dependencies.executions.start(name, inputs)
        count("TrainingsStarted")
    except ExecutionNameTakenError as error:
        execution = dependencies.executions.describe(name)
        if execution is None:
            detail = f"training: {name} was started this moment and is not found yet; ask again"
            raise ProblemError(503, detail, headers={"Retry-After": "2"}) from error
        if execution.input != inputs:
            if kept is not None:
                dependencies.records.remove(kept)
            raise other_body() from error
    if kept is not None and "start" in asked.webhook_events_filter:
        announce(kept.key, dependencies.due)
    # Step Functions may not find for a moment what it has just started.
    just_started = Execution(
        name=name, status="RUNNING", started=datetime.fromtimestamp(dependencies.now, UTC), input=inputs
    )
    execution = dependencies.executions.describe(name) or just_started
    training = _show(execution, dependencies.executions.events(name), request, dependencies)
    return respond(201, training, {"Location": training["urls"]["get"]})


class Runs(Protocol):
    """Where trainings are known."""

    @property
    def executions(self) -> Executions:
        """The machine's executions."""
        ...


def origin_of(execution: Execution, dependencies: Runs) -> Execution:
    """The training that this one takes up, itself if it is none that does: its input says what is learnt, and how.

    Of what it takes up Step Functions may have forgotten some, and an execution that was started by hand may have named itself.
    """
    passed = set[str]()
    while execution.name not in passed and (earlier := execution.input.get("resume")):
        passed.add(execution.name)
        execution = dependencies.executions.describe(str(earlier)) or execution
    return execution


def addressed(inputs: Mapping[str, Any], data: ObjectStore) -> dict[str, Any]:
    """A client's input as the state machine takes it: with the dataset's address."""
    return {**inputs, "dataset": str(S3Uri(bucket=data.bucket, key=inputs["dataset"]))}


def named(inputs: Mapping[str, Any], data: ObjectStore) -> dict[str, Any]:
    """An execution's input as a client gives it: without the bucket, and without who is depicted."""
    ours = str(S3Uri(bucket=data.bucket, key=""))
    given = {name: value for name, value in inputs.items() if name != "consent"}
    return {**given, **({"dataset": inputs["dataset"].removeprefix(ours)} if "dataset" in inputs else {})}


def require_dataset(name: str, inputs: Mapping[str, Any], request: Request, dependencies: Dependencies) -> None:
    """Look at the dataset's names, unless an earlier request started the training. Raises InvalidInputError."""
    dataset = inputs["dataset"]
    readable = may_read(dataset.rstrip("/").rpartition("/")[2], request, dependencies)
    try:
        check_names(dataset, dependencies.data, instance_prompt=inputs.get("instance_prompt", ""), readable=readable)
    except InvalidInputError:
        if dependencies.executions.describe(name) is None:
            raise


def get(request: Request, dependencies: Dependencies, training: str) -> Response[str]:
    """200 with the training as it is now, and how far it is. Raises ProblemError 404."""
    execution = existing(training, request, dependencies)
    events = dependencies.executions.events(training)
    shown = _show(execution, events, request, dependencies)
    return respond(200, {**shown, **watched(execution, events, dependencies)})


def cancel(request: Request, dependencies: Dependencies, training: str) -> Response[str]:
    """200 with the training, its execution and the job under way stopped unless it had ended. Raises ProblemError 403 and 404."""
    if _changeable(training, request, dependencies).status == "RUNNING":
        dependencies.executions.stop(training)
    return get(request, dependencies, training)


def existing(name: str, request: Request, dependencies: Dependencies) -> Execution:
    """The training, where its style is one that the client may read. Raises ProblemError 404."""
    execution = dependencies.executions.describe(name)
    if execution is None or not may_read(_learnt(execution, dependencies), request, dependencies):
        raise ProblemError(404, f"training: got {name}; allowed: the id of one made in the last 90 days")
    return execution


def _changeable(name: str, request: Request, dependencies: Dependencies) -> Execution:
    """The training, where its style is one that the client may change. Raises ProblemError 403 and 404."""
    execution = existing(name, request, dependencies)
    require_changeable(_learnt(execution, dependencies), request, dependencies)
    return execution


def _learnt(execution: Execution, dependencies: Dependencies) -> str:
    """The style that a training learns, whose owner is its own; empty where somebody started it by hand without one."""
    return str(origin_of(execution, dependencies).input.get("style") or "")


def _show(
    execution: Execution, events: Sequence[StateEvent], request: Request, dependencies: Dependencies
) -> dict[str, Any]:
    learnt = origin_of(execution, dependencies).input
    given = named(execution.input, dependencies.data)
    sent = json.dumps([execution.name, given, named(learnt, dependencies.data)])
    output = (execution.output or {}) if execution.status == "SUCCEEDED" else {}
    asked = decisions(execution, events, learnt.get("style"))
    return {
        "id": execution.name,
        "version": learnt.get("base_model") or "default",
        "model": learnt.get("style"),
        "status": _status(execution, events),
        "input": given,
        "output": output_of(learnt, output),
        "error": discreet(execution.cause or execution.error or None, sent),
        "logs": discreet(logs(events) + _outcome(output) + _stop(execution, dependencies.data), sent),
        "metrics": {**metrics_so_far(events), **metrics_of(execution, output)},
        "created_at": rfc3339(execution.started),
        "started_at": rfc3339(execution.started),
        "completed_at": rfc3339(execution.stopped) if execution.stopped else None,
        "urls": request.urls(f"/v1/trainings/{execution.name}")
        | {name: request.urls(path)["get"] for name, path in asked.items()},
        "stage": "done" if execution.status == "SUCCEEDED" else stage(events),
        "queue_position": None,
        **UNWATCHED,
        **webhooks.shown(webhooks.training_key(execution.name), dependencies.records),
    }


def _stop(execution: Execution, data: ObjectStore) -> str:
    """The last line of one that was stopped or ran out of time: at which step, and what it has cost, which is recorded soon after.

    Not in its error, which does not change any more once it has ended.
    """
    if execution.status not in STOPPED:
        return ""
    recorded = data.read_tagged(run_prefix(execution.name) + FAILURE)
    return f"{ending(json.loads(recorded[0]))}\n" if recorded else ""


def _status(execution: Execution, events: Sequence[StateEvent]) -> str:
    if execution.status == "RUNNING" and not events:
        return "starting"
    return STATUSES[execution.status]


def output_of(inputs: Mapping[str, Any], output: Mapping[str, Any]) -> dict[str, Any] | None:
    """What was published; a run with deploy none publishes nothing."""
    if not output:
        return None
    style, version = output.get("style") or inputs["style"], output.get("version")
    published = version is not None and inputs.get("deploy") != "none"
    return {"version": qualified(f"{style}@{version}") if published else None}


def _outcome(output: Mapping[str, Any]) -> str:
    """Last lines: what the result was compared with, and whether the style's bare name means it now; or whether a gate is met again."""
    if "failures" in output:
        return f"gate: {'; '.join(output['failures']) or 'met'}\n"
    return "".join(f"{name}: {output[name]}\n" for name in ("comparison", "promotion") if output.get(name))


def metrics_of(execution: Execution, output: Mapping[str, Any]) -> dict[str, Any]:
    total = {"total_time": (execution.stopped - execution.started).total_seconds()} if execution.stopped else {}
    return {**total, **(output.get("metrics") or {})}

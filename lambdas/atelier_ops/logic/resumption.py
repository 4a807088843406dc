"""Taking up a run that failed: a new execution with the run's own plan, which starts with the state that failed."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from atelier_ops.errors import MissingObjectError
from atelier_ops.gateways.storage import ObjectStore, read_json, write_json
from atelier_ops.logic.names import run_jobs, run_name
from contracts.errors import InvalidInputError, Problem
from contracts.execution import ResumptionInput
from contracts.layout import RESUMPTION, run_prefix
from contracts.metrics import Metric
from contracts.plan import AnyPlan, FineTuningPlan, PretrainingPlan, Resumption
from contracts.release import ReleaseRules

AnyPlanT = TypeVar("AnyPlanT", FineTuningPlan, PretrainingPlan)

GATE = "Gate"
"""The state that compares the metrics with the gate."""


def is_resumption(body: object) -> bool:
    """Whether an execution's input asks for a run that failed."""
    return isinstance(body, Mapping) and "resume" in body


def can_resume(event: Mapping[str, Any]) -> bool:
    """Whether this failed execution came far enough to be taken up."""
    return "at" in event


def keep(event: Mapping[str, Any], data: ObjectStore) -> None:
    """Write down what taking up this failed execution needs; one that failed before it had a plan has nothing to keep."""
    if can_resume(event):
        kept = {name: event[name] for name in ("plan", "at", "known")}
        write_json(data, _key(event["plan"]["kind"], event["execution"]), kept)


def resumed_plan(
    event: Mapping[str, Any], contract: type[AnyPlanT], data: ObjectStore, name_prefix: str, rules: ReleaseRules
) -> AnyPlanT:
    """The plan of the failed run, which keeps its folder. Jobs that are still to run get names of their own: a failed one has the old.

    ``event`` is Prepare's, ``contract`` that of the machine's plans; ``rules`` are the stage's, which the run must meet today. Raises
    InvalidInputError.
    """
    request = ResumptionInput.from_json(event["input"])
    found = _find(request.resume, contract.model_fields["kind"].default, data)
    plan, points = contract.from_json(found.plan), event["points"]
    if found.at not in points:
        allowed = f"one that failed at {' | '.join(points)}: the state machine has changed since"
        raise InvalidInputError("input.resume", got=f"{request.resume}, which failed at {found.at}", allowed=allowed)
    if request.gate and points.index(found.at) > points.index(GATE):
        allowed = f"none: {request.resume} passed its gate, and failed at {found.at}"
        raise InvalidInputError("input.gate", got=dict(request.gate), allowed=allowed)
    _check_metrics(request.gate, plan.metrics)
    gate = {**plan.gate, **request.gate}
    if isinstance(plan, FineTuningPlan) and points.index(found.at) <= points.index(GATE):
        rules.require_gate(plan.task, gate)
        gate = {**rules.least(plan.task), **gate}
    changes = {
        "at": found.at,
        "known": found.known,
        "jobs": _jobs(plan, event, found.at, name_prefix),
        "gate": gate,
        # The stage's rules may be stricter than they were.
        "approval": rules.approved(plan.approval),
    }
    return contract.from_json({**plan.to_json(), **changes})


def _find(execution: str, kind: str, data: ObjectStore) -> Resumption:
    key = _key(kind, execution)
    try:
        return Resumption.from_json(read_json(data, key))
    except MissingObjectError as error:
        allowed = f"an execution that failed after Prepare: s3://{data.bucket}/{key} is not there"
        raise InvalidInputError("input.resume", got=execution, allowed=allowed) from error


def _jobs(plan: AnyPlan, event: Mapping[str, Any], at: str, name_prefix: str) -> dict[str, Any]:
    """The plan's jobs, those from ``at`` on under new names."""
    points: Sequence[str] = event["points"]
    new = run_jobs(event["jobs"], name_prefix, run_name(plan.kind, event["execution"]))
    jobs = {key: job.to_json() for key, job in plan.jobs.items()}
    left = [key for key, job in plan.jobs.items() if points.index(job.state) >= points.index(at)]
    return jobs | {key: {**jobs[key], "name": new[key]["name"]} for key in left}


def _check_metrics(gate: Mapping[str, float], metrics: Mapping[str, Metric]) -> None:
    """Raises InvalidInputError for thresholds of what nothing measures."""
    allowed = f"a metric: {' | '.join(metrics)}"
    problems = [Problem(f"input.gate.{name}", value, allowed) for name, value in gate.items() if name not in metrics]
    if problems:
        raise InvalidInputError.of(problems)


def _key(kind: str, execution: str) -> str:
    return run_prefix(run_name(kind, execution)) + RESUMPTION

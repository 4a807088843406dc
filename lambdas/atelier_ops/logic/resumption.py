"""Taking up a run that did not succeed: a new execution with the run's own plan, which starts with the step that was not finished."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from atelier_ops.errors import MissingObjectError
from atelier_ops.gateways.registry import Jobs
from atelier_ops.gateways.storage import ObjectStore, read_json, write_json
from atelier_ops.gateways.workflow import UNSUCCESSFUL, Executions
from atelier_ops.logic.names import run_jobs, run_name
from atelier_ops.logic.taking_up import take_up
from contracts.errors import InvalidInputError, Problem
from contracts.execution import ResumptionInput
from contracts.job_kinds import JOB_WORDS
from contracts.layout import RESUMPTION, run_prefix
from contracts.metrics import Metric
from contracts.plan import AnyPlan, FineTuningPlan, PretrainingPlan, Resumption
from contracts.release import ReleaseRules

AnyPlanT = TypeVar("AnyPlanT", FineTuningPlan, PretrainingPlan)

GATE = "Gate"
"""The state that compares the metrics with the gate."""


@dataclass(frozen=True, kw_only=True)
class Dependencies:
    """What taking up a run needs. ``rules`` are the stage's, which the run must meet today."""

    data: ObjectStore
    executions: Executions
    jobs: Jobs
    name_prefix: str
    rules: ReleaseRules


def is_resumption(body: object) -> bool:
    """Whether an execution's input asks for the rest of a run."""
    return isinstance(body, Mapping) and "resume" in body


def can_resume(event: Mapping[str, Any]) -> bool:
    """Whether this failed execution came far enough to be taken up."""
    return "at" in event


def keep(event: Mapping[str, Any], data: ObjectStore) -> None:
    """Write down what taking up this failed execution needs; one that failed before it had a plan has nothing to keep."""
    if can_resume(event):
        kept = {name: event[name] for name in ("plan", "at", "known")}
        write_json(data, _key(event["plan"]["kind"], event["execution"]), kept)


def resumed_plan(event: Mapping[str, Any], contract: type[AnyPlanT], dependencies: Dependencies) -> AnyPlanT:
    """The plan of the run, which keeps its folder. Jobs that are still to run get names of their own: one that failed has the old.

    ``event`` is Prepare's, ``contract`` that of the machine's plans. Raises InvalidInputError.
    """
    request = ResumptionInput.from_json(event["input"])
    points: Sequence[str] = event["points"]
    found = _find(request.resume, contract.model_fields["kind"].default, points, dependencies)
    plan = contract.from_json(found.plan)
    if found.at not in points:
        allowed = f"one that ended at {' | '.join(points)}: the state machine has changed since"
        raise InvalidInputError("input.resume", got=f"{request.resume}, which ended at {found.at}", allowed=allowed)
    gate = _gate(request, plan, found.at, points, dependencies.rules)
    places = {key: job.at or job.state for key, job in plan.jobs.items()}
    left = [key for key, at in places.items() if at in points and points.index(at) >= points.index(found.at)]
    _check_ended(request.resume, plan, left, dependencies.jobs)
    take_up(plan.execution, event["execution"], dependencies.data, dependencies.executions)
    changes = {
        "at": found.at,
        "known": found.known,
        "jobs": _jobs(plan, event, left, dependencies.name_prefix),
        "gate": gate,
        # The stage's rules may be stricter than they were.
        "approval": dependencies.rules.approved(plan.approval),
    }
    return contract.from_json({**plan.to_json(), **changes})


def _find(execution: str, kind: str, points: Sequence[str], dependencies: Dependencies) -> Resumption:
    """What the execution left when it failed; of one that was stopped or timed out, what its history says."""
    ended = dependencies.executions.describe(execution)
    if ended is None or ended.status not in UNSUCCESSFUL:
        got = f"{execution}, which {f'is {ended.status}' if ended else 'Step Functions does not know'}"
        raise InvalidInputError("input.resume", got=got, allowed="an execution that failed, timed out or was stopped")
    try:
        return Resumption.from_json(read_json(dependencies.data, _key(kind, execution)))
    except MissingObjectError as error:
        found = _remembered(execution, points, dependencies.executions)
        if found is None:
            allowed = "an execution that came past Prepare: what it decides is what is taken up"
            raise InvalidInputError("input.resume", got=execution, allowed=allowed) from error
        return found


def _remembered(execution: str, points: Sequence[str], executions: Executions) -> Resumption | None:
    past = executions.past(execution)
    plan = past.variables.get("plan")
    if plan is None:
        return None
    entered = [state for state in past.entered if state in points] or [plan["at"] or points[0]]
    own = {name: value for name, value in past.variables.items() if name not in ("plan", "failure")}
    return Resumption(plan=plan, at=entered[-1], known={**plan["known"], **own})


def _gate(
    request: ResumptionInput, plan: AnyPlan, at: str, points: Sequence[str], rules: ReleaseRules
) -> dict[str, float]:
    """The thresholds, some of them new where the gate was not passed."""
    passed = points.index(at) > points.index(GATE)
    if request.gate and passed:
        allowed = f"none: {request.resume} passed its gate, and ended at {at}"
        raise InvalidInputError("input.gate", got=dict(request.gate), allowed=allowed)
    _check_metrics(request.gate, plan.metrics)
    gate = {**plan.gate, **request.gate}
    if isinstance(plan, FineTuningPlan) and not passed:
        rules.require_gate(plan.task, gate)
        gate = {**rules.least(plan.task), **gate}
    return gate


def _check_ended(execution: str, plan: AnyPlan, left: Collection[str], jobs: Jobs) -> None:
    """A job that still runs would be paid for beside its successor, and write the same checkpoints."""
    for job in (plan.jobs[key] for key in left):
        found = jobs.describe(job.kind, job.name) or {}
        status = found.get(f"{JOB_WORDS[job.kind]}Status")
        if status in ("InProgress", "Stopping"):
            allowed = "an execution whose jobs have ended: stop the job, or wait until it has"
            raise InvalidInputError(
                "input.resume", got=f"{execution}, whose job {job.name} is {status}", allowed=allowed
            )


def _jobs(plan: AnyPlan, event: Mapping[str, Any], left: Collection[str], name_prefix: str) -> dict[str, Any]:
    """The plan's jobs, those of the keys in ``left`` under new names."""
    own = {key: facts for key, facts in event["jobs"].items() if key in left}
    new = run_jobs(own, name_prefix, run_name(plan.kind, event["execution"]))
    jobs = {key: job.to_json() for key, job in plan.jobs.items()}
    return jobs | {key: {**jobs[key], "name": new[key]["name"]} for key in left}


def _check_metrics(gate: Mapping[str, float], metrics: Mapping[str, Metric]) -> None:
    """Raises InvalidInputError for thresholds of what nothing measures."""
    allowed = f"a metric: {' | '.join(metrics)}"
    problems = [Problem(f"input.gate.{name}", value, allowed) for name, value in gate.items() if name not in metrics]
    if problems:
        raise InvalidInputError.of(problems)


def _key(kind: str, execution: str) -> str:
    return run_prefix(run_name(kind, execution)) + RESUMPTION

"""Reporting a run that did not succeed: a file beside what it wrote, a message, and the words its execution ends with."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from atelier_ops.gateways.registry import Jobs
from atelier_ops.gateways.storage import ObjectStore, write_json
from atelier_ops.gateways.topic import Topic
from atelier_ops.logic.cost import jobs_cost
from atelier_ops.logic.failure import Failure, ending, read_failure
from atelier_ops.logic.names import run_name
from atelier_ops.logic.resumption import can_resume, keep
from atelier_ops.logic.timestamps import rfc3339, seconds
from atelier_ops.observability import count, logger
from contracts.job_kinds import JOB_WORDS
from contracts.layout import FAILURE, RESUMPTION, run_prefix
from contracts.prices import estimate


@dataclass(frozen=True, kw_only=True)
class FailureReport:
    """About a run that did not succeed: ``summary`` is what ``failure.json`` holds, which lies at ``key``."""

    key: str
    summary: Mapping[str, Any]

    def tell(self, how: str, resume: str, topic: Topic, bucket: str) -> None:
        """Send people a message: how the run ended (``failed``), and which execution can be taken up, if any."""
        execution = self.summary["execution"]
        message = f"Run {execution} {how}.\n\n{ending(self.summary)}\n\nDetails: s3://{bucket}/{self.key}\n"
        if resume:
            again = json.dumps({"resume": resume})
            message += f"To go on with what is left, once the reason is gone, start an execution with {again}\n"
        topic.publish(f"Atelier: {execution} {how} at {self.summary['step']}", message)


def report(event: Mapping[str, Any], data: ObjectStore, topic: Topic, jobs: Jobs, now: float) -> dict[str, str]:
    """Write and send what happened; ``{"error", "cause"}`` for the Fail state. Goes on where writing or sending fails."""
    made = make_report(event, jobs, now)
    _attempt(FAILURE, lambda: write_json(data, made.key, made.summary))
    _attempt(RESUMPTION, lambda: keep(event, data))
    resume = str(event["execution"]) if can_resume(event) else ""
    _attempt("message", lambda: made.tell("failed", resume, topic, data.bucket))
    count("RunFailures")
    return {"error": made.summary["error"], "cause": ending(made.summary)}


def make_report(event: Mapping[str, Any], jobs: Jobs, now: float) -> FailureReport:
    """What there is to say of a failure as the state machine records it, ``now`` being when the run ended."""
    failure = read_failure(str(event.get("error") or "Unknown"), str(event.get("cause") or ""))
    plan = event.get("plan") or {}
    # A pretraining run's folder and jobs are named by its plan; an execution that took up a run has a folder of its own for this.
    execution = run_name(str(plan.get("kind")), str(event["execution"]))
    cost = _cost(event, failure, jobs, now)
    # What is still there, such as the rollout's own endpoint, is paid for.
    undone = f"; not undone: {event['undo']}" if event.get("undo") else ""
    summary = {
        "execution": execution,
        "style": plan.get("style"),
        "base_model": plan.get("name"),
        "step": str(event.get("step") or "unknown"),
        "error": failure.error,
        "reason": f"{failure.reason}{_of_trials(failure, jobs)}{undone}",
        "cost": None if cost is None else round(cost, 4),
        "started": event.get("started"),
        "failed_at": rfc3339(now),
    }
    return FailureReport(key=run_prefix(execution) + FAILURE, summary=summary)


def _attempt(what: str, act: Callable[[], None]) -> None:
    """A report that cannot be delivered must not hide the failure it reports."""
    try:
        act()
    except (ClientError, BotoCoreError) as error:
        logger.warning("report not delivered", what=what, reason=str(error))


def _cost(event: Mapping[str, Any], failure: Failure, jobs: Jobs, now: float) -> float | None:
    """From every job of the run; where they cannot be read, from the failed one; else from the time since the start."""
    planned = ((event.get("plan") or {}).get("jobs") or {}).values()
    try:
        descriptions = [jobs.describe(kind, name) for job in planned for kind, name in _billed(job, jobs)]
        return jobs_cost(job for job in descriptions if job is not None)
    except (ClientError, BotoCoreError) as error:
        logger.warning("jobs cannot be read, so the cost is estimated", reason=str(error))
    if failure.job is not None:
        return jobs_cost([failure.job])
    running = next((job for job in planned if job["state"] == event.get("step")), None)
    return estimate(running["instance"], _elapsed(event, now), count=running["instances"]) if running else 0.0


def _of_trials(failure: Failure, jobs: Jobs) -> str:
    """Why the first training of a search that failed did: the search itself only says that none ended well."""
    search = (failure.job or {}).get(f"{JOB_WORDS['tuning']}Name")
    try:
        trials = jobs.trials(str(search)) if search else []
    except (ClientError, BotoCoreError) as error:
        logger.warning("the trainings of a search cannot be read", reason=str(error))
        return ""
    found = [f"; {each['TrainingJobName']}: {each['FailureReason']}" for each in trials if each.get("FailureReason")]
    return found[0] if found else ""


def _billed(job: Mapping[str, Any], jobs: Jobs) -> list[tuple[str, str]]:
    """The jobs that are on the bill for a planned one, by kind and name: for a tuning job, the training jobs that it has made."""
    if job["kind"] != "tuning":
        return [(job["kind"], job["name"])]
    return [("training", trial["TrainingJobName"]) for trial in jobs.trials(job["name"])]


def _elapsed(event: Mapping[str, Any], now: float) -> float:
    try:
        return max(0.0, now - seconds(str(event.get("started"))))
    except ValueError:
        return 0.0

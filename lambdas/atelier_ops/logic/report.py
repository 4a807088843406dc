"""Reporting a failed run: a file beside what it wrote, a message, and the words its execution ends with."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from atelier_ops.gateways.registry import Jobs
from atelier_ops.gateways.storage import ObjectStore, write_json
from atelier_ops.gateways.topic import Topic
from atelier_ops.logic.cost import in_words, jobs_cost
from atelier_ops.logic.failure import Failure, read_failure
from atelier_ops.logic.resumption import can_resume, keep
from atelier_ops.logic.timestamps import rfc3339, seconds
from atelier_ops.observability import count, logger
from contracts.layout import run_prefix
from contracts.prices import estimate


def report(event: Mapping[str, Any], data: ObjectStore, topic: Topic, jobs: Jobs, now: float) -> dict[str, str]:
    """Write and send what happened; ``{"error", "cause"}`` for the Fail state. Goes on where writing or sending fails."""
    failure = read_failure(str(event.get("error") or "Unknown"), str(event.get("cause") or ""))
    plan = event.get("plan") or {}
    # A pretraining run's folder and jobs are named by its plan.
    step, execution = str(event.get("step") or "unknown"), str(plan.get("execution") or event["execution"])
    cost = _cost(event, failure, jobs, now)
    # The rollout's own endpoint may still be there, and paid for.
    undone = f"; not undone: {event['undo']}" if event.get("undo") else ""
    summary = {
        "execution": execution,
        "style": plan.get("style"),
        "base_model": plan.get("name"),
        "step": step,
        "error": failure.error,
        "reason": f"{failure.reason}{undone}",
        "cost": None if cost is None else round(cost, 4),
        "started": event.get("started"),
        "failed_at": rfc3339(now),
    }
    cause = f"{step}: {failure.error}: {failure.reason}{undone} ({in_words(cost)})"
    key = run_prefix(execution) + "failure.json"
    _attempt("failure.json", lambda: write_json(data, key, summary))
    _attempt("resumption.json", lambda: keep(event, data))
    message = f"Run {execution} failed.\n\n{cause}\n\nDetails: s3://{data.bucket}/{key}\n"
    if can_resume(event):
        resume = json.dumps({"resume": event["execution"]})
        message += f"To go on from {event['at']}, once the reason is gone, start an execution with {resume}\n"
    _attempt("message", lambda: topic.publish(f"Atelier: {execution} failed at {step}", message))
    count("RunFailures")
    return {"error": failure.error, "cause": cause}


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
        descriptions = [jobs.describe(job["kind"], job["name"]) for job in planned]
        return jobs_cost(job for job in descriptions if job is not None)
    except (ClientError, BotoCoreError) as error:
        logger.warning("jobs cannot be read, so the cost is estimated", reason=str(error))
    if failure.job is not None:
        return jobs_cost([failure.job])
    running = next((job for job in planned if job["state"] == event.get("step")), None)
    return estimate(running["instance"], _elapsed(event, now), count=running["instances"]) if running else 0.0


def _elapsed(event: Mapping[str, Any], now: float) -> float:
    try:
        return max(0.0, now - seconds(str(event.get("started"))))
    except ValueError:
        return 0.0

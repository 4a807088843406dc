"""A run that was stopped, or ran out of time as a whole: none of its states reports that, so it is reported from its history, once.

Step Functions stops the job that a state waits for; not one that a state only looks at (ADR 16), and it makes no promise for either.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from atelier_ops.gateways.registry import Jobs
from atelier_ops.gateways.storage import ObjectStore
from atelier_ops.gateways.topic import Topic
from atelier_ops.gateways.workflow import STOPPED, Execution, Executions, Past
from atelier_ops.logic.logs import stage
from atelier_ops.logic.report import make_report
from atelier_ops.logic.timestamps import rfc3339, seconds
from atelier_ops.observability import count
from contracts.job_kinds import JOB_WORDS

WORDS = {"ABORTED": "was stopped", "TIMED_OUT": "ran out of time"}
_ERRORS = {
    "ABORTED": ("Stopped", "the execution was stopped, without a word why"),
    "TIMED_OUT": ("States.Timeout", "the execution took longer than its state machine allows"),
}
"""What is said of an execution whose end has no error and no cause."""


@dataclass(frozen=True, kw_only=True)
class Dependencies:
    """What reporting needs. ``pause`` waits for a moment; it says whether there is time for that."""

    executions: Executions
    jobs: Jobs
    data: ObjectStore
    topic: Topic
    pause: Callable[[], bool]


def report_stop(name: str, dependencies: Dependencies) -> str:
    """Stop what the run has left running, then write down and tell how it ended and what it cost; says what it did.

    Harmless when repeated or late, as events are: what is recorded of the execution already stays.
    """
    ended = dependencies.executions.describe(name)
    if ended is None or ended.status not in STOPPED or ended.stopped is None:
        return f"{name} is {ended.status if ended else 'gone'}: nothing to record"
    past = dependencies.executions.past(name)
    event = _event(ended, past, stage(dependencies.executions.events(name)))
    planned = (event.get("plan") or {}).get("jobs", {}).values()
    left = [*_end_jobs(planned, dependencies), *_endpoint(past)]
    made = make_report({**event, "undo": ", ".join(left)}, dependencies.jobs, ended.stopped.timestamp())
    stored = dependencies.data.read_tagged(made.key)
    if stored is not None and _is_of(ended, json.loads(stored[0])):
        return f"{name} {WORDS[ended.status]}: recorded already"
    body = json.dumps(made.summary, indent=2, sort_keys=True).encode()
    if not dependencies.data.write_if(made.key, body, "application/json", etag=stored[1] if stored else None):
        return f"{name} {WORDS[ended.status]}: recorded at this moment"
    made.tell(WORDS[ended.status], name if "plan" in event else "", dependencies.topic, dependencies.data.bucket)
    if ended.status == "TIMED_OUT":
        count("RunFailures")
    return f"{name} {WORDS[ended.status]}: recorded"


def _event(ended: Execution, past: Past, step: str | None) -> dict[str, Any]:
    """What the state machine would have handed to ``record_failure``."""
    error, cause = _ERRORS[ended.status]
    plan = {"plan": past.variables["plan"]} if "plan" in past.variables else {}
    return {
        "execution": ended.name,
        "step": step,
        "error": ended.error or error,
        "cause": ended.cause or cause,
        "started": rfc3339(ended.started),
        **plan,
    }


def _is_of(ended: Execution, summary: Mapping[str, Any]) -> bool:
    """Whether the record is of this end, and not of one before the execution was redriven."""
    return seconds(summary["failed_at"]) >= (ended.redriven or ended.started).timestamp()


def _end_jobs(planned: Iterable[Mapping[str, Any]], dependencies: Dependencies) -> list[str]:
    """Stop the jobs that run, and wait until they have ended, because only then is their cost known; in words what still runs."""
    jobs = [(str(job["kind"]), str(job["name"])) for job in planned]
    while True:
        states = {name: _status(kind, name, dependencies.jobs) for kind, name in jobs}
        for kind, name in jobs:
            if states[name] == "InProgress":
                dependencies.jobs.stop(kind, name)
        left = [f"job {name} is Stopping" for name, status in states.items() if status in ("InProgress", "Stopping")]
        if not left or not dependencies.pause():
            return left


def _status(kind: str, name: str, jobs: Jobs) -> str:
    return str((jobs.describe(kind, name) or {}).get(f"{JOB_WORDS[kind]}Status", ""))


def _endpoint(past: Past) -> list[str]:
    """In words, the endpoint of a version that was being rolled out: of a run that fails, the machine removes it."""
    under_way = "DeployEndpoint" in past.entered and "Promote" not in past.entered
    return [f"endpoint {past.variables['endpoint']} may be there, and is paid for"] if under_way else []

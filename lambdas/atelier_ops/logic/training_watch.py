"""What somebody who watches a training is shown beside its state: progress, losses, what its evaluation wrote, and what it waits for."""

import json
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from atelier_ops.errors import MissingObjectError
from atelier_ops.gateways.storage import ObjectStore
from atelier_ops.gateways.workflow import Execution, StateEvent
from atelier_ops.logic.http import Dependencies
from atelier_ops.logic.logs import stage
from atelier_ops.logic.training_progress import Steps, assigned, curve, jobs_done, looks_of, overall, read_steps
from atelier_ops.logic.trials import ended, shown_trials
from contracts.advice import ADVICE
from contracts.layout import STRIP, VALIDATION, S3Uri
from contracts.training_time import RunEstimate

URL_SECONDS = 3_600
"""Seconds an address of the report or of a picture works; asking again gives new ones."""

UNWATCHED: Mapping[str, Any] = {
    "progress": None,
    "eta_seconds": None,
    "losses": None,
    "looks": None,
    "strip": None,
    "report": None,
    "trials": None,
    "estimate": None,
    "advice": None,
}
"""Of a training that was not looked at, or has no plan yet."""

READING, EVALUATION = "segment", "evaluate"
ASKING = "RequestApproval"
"""The state in which a run waits for a person."""

_PICTURES = "pictures/"


def watched(execution: Execution, events: Sequence[StateEvent], dependencies: Dependencies) -> dict[str, Any]:
    """The fields of ``UNWATCHED``, read from the run's history, from its training job's log and from where its evaluation writes."""
    plan = assigned(events).get("plan")
    if not plan:
        return dict(UNWATCHED)
    jobs = list(plan["jobs"].values())
    done, running = jobs_done(events, jobs)
    # One that only measures a version again has no other job than that.
    training = next((each for each in jobs if each["kind"] in ("training", "tuning")), None)
    trains = training is not None and running is training
    begun = trains or (training is not None and done > jobs.index(training))
    steps = read_steps(training, dependencies.logs) if training and begun else Steps()
    is_training = trains and execution.status == "RUNNING"
    searches = training is not None and training["kind"] == "tuning"
    order = list(plan["jobs"])
    # A run that ends after its first job enters no state that would show the job to be done.
    read = READING in order and (done > order.index(READING) or execution.status == "SUCCEEDED")
    evaluated = done > order.index(EVALUATION)
    trials = shown_trials(training, dependencies.jobs) if training and begun and searches else None
    share = _searched(trials, plan["search"]["trials"]) if trials is not None else steps.share
    progress = _progress(execution, steps, overall(done, len(jobs), share if trains else 0.0))
    counted = {"current": ended(trials), "total": plan["search"]["trials"]} if trials else {}
    return {
        "progress": {**progress, **counted},
        "eta_seconds": _left(steps, dependencies.now) if is_training and steps.total and not searches else None,
        "losses": curve(steps) or None,
        "looks": looks_of(steps) or None,
        "strip": _strip(S3Uri.parse(plan["runs"]["checkpoints"]).key, dependencies.data)
        if steps.looks and not searches
        else None,
        "trials": trials,
        "estimate": _estimate(plan),
        "advice": _advice(S3Uri.parse(plan["runs"][READING]).key, dependencies.data) if read else None,
        "report": _report(S3Uri.parse(plan["runs"][EVALUATION]).key, dependencies.data) if evaluated else None,
    }


def _estimate(plan: Mapping[str, Any]) -> dict[str, Any] | None:
    """What Prepare expected of the run; None of one that it knew nothing of."""
    known = plan.get("estimate")
    return {name: known.get(name) for name in RunEstimate.model_fields} if known else None


def _advice(prefix: str, data: ObjectStore) -> list[dict[str, Any]] | None:
    """What the step that read the pictures has to say of them; None of a run from before it said anything, or that is deleted."""
    try:
        return list(json.loads(data.read(prefix + ADVICE))["advice"])
    except MissingObjectError:
        return None


def metrics_so_far(events: Sequence[StateEvent]) -> dict[str, float]:
    """What the evaluation measured, as soon as the gate has read it: who is asked to approve decides by that."""
    gate = assigned(events).get("gate") or {}
    return dict(gate.get("metrics") or {})


def decisions(execution: Execution, events: Sequence[StateEvent], style: str | None) -> dict[str, str]:
    """By what is decided, the paths under which a person answers the run that waits for approval; none where it does not."""
    version = assigned(events).get("version")
    if execution.status != "RUNNING" or stage(events) != ASKING or not version:
        return {}
    return {each: f"/v1/styles/{style}/versions/{int(version)}/{each}" for each in ("approve", "reject")}


def _progress(execution: Execution, steps: Steps, share: float) -> dict[str, Any]:
    total = steps.total or None
    done = 1.0 if execution.status == "SUCCEEDED" else share
    return {"percentage": done, "current": steps.done if total else None, "total": total}


def _searched(trials: Sequence[Mapping[str, Any]], wanted: int) -> float:
    """How much of a search is done, 0 to 1."""
    return min(1.0, ended(trials) / wanted)


def _left(steps: Steps, now: float) -> float:
    """Seconds: what the job said, less what has passed since."""
    return round(max(0.0, steps.left - max(0.0, now - steps.at)), 1)


def _strip(prefix: str, data: ObjectStore) -> str | None:
    """The address of what was painted while the style was learnt; None where nothing was, or it has expired."""
    key = f"{prefix}{VALIDATION}/{STRIP}"
    return data.get_url(key, URL_SECONDS, "image/png") if data.has(key) else None


def _report(prefix: str, data: ObjectStore) -> dict[str, Any] | None:
    """Addresses of what the evaluation wrote; None where nothing is left of it."""
    names = [stored.key.removeprefix(prefix) for stored in data.listing(prefix)]
    if "report.html" not in names:
        return None

    def address(name: str, kind: str) -> str | None:
        return data.get_url(prefix + name, URL_SECONDS, kind) if name in names else None

    pictures = [name for name in names if name.startswith(_PICTURES) and name.endswith(".png")]
    return {
        "page": address("report.html", "text/html; charset=utf-8"),
        "sheet": address("sheet.png", "image/png"),
        "loss": address("loss.png", "image/png"),
        "pictures": {PurePosixPath(name).stem: address(name, "image/png") for name in pictures},
    }

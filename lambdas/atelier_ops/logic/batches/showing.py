"""GET of /v1/batches: a batch as it is now, and the client's own."""

import json
from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.event_handler import Response

from atelier_ops.gateways.records import Listed, Record
from atelier_ops.gateways.workflow import MapRun
from atelier_ops.logic import webhooks
from atelier_ops.logic.batches.records import ENDED, batch_record_key, execution_name, list_of
from atelier_ops.logic.disclosing import disclosed
from atelier_ops.logic.discretion import discreet
from atelier_ops.logic.http import Dependencies, ProblemError, Request, respond
from atelier_ops.logic.ownership import owns
from atelier_ops.logic.paging import fitting, page, position, read_query
from contracts.layout import batch_key
from contracts.queries import PageQuery

URL_SECONDS = 3_600
"""Seconds that a report's addresses work; asking again gives new ones."""

REPORT: Mapping[str, str] = {"page": "report.html", "data": "report.json", "csv": "report.csv", "review": "review.json"}
"""The files of a report, by what they are."""

NOT_BEGUN: Mapping[str, int] = dict.fromkeys(("total", "waiting", "running", "succeeded", "failed", "canceled"), 0)


def get(request: Request, dependencies: Dependencies, batch: str) -> Response[str]:
    """200 with the batch. Raises ProblemError 404."""
    return respond(200, show(existing(batch, request, dependencies), request, dependencies))


def list_batches(request: Request, dependencies: Dependencies) -> Response[str]:
    """200 with a page of the client's own batches. Raises InvalidInputError."""
    query = read_query(request, PageQuery)
    begin = position(query, 2)
    after = Listed(created=begin[0], key=begin[1]) if begin else None
    places = dependencies.records.made_by(list_of(request.client), query.limit, after) if request.client else []
    found = dependencies.records.get_each([place.key for place in places])
    shown = fitting(found, lambda record: show(record, request, dependencies, alone=False))
    whole = len(shown) == len(found)
    last = places[-1] if whole and len(places) == query.limit else None
    parts = (last.created, last.key) if last else (shown[-1][0].created, shown[-1][0].key) if not whole else None
    return page(request, query, [each for _, each in shown], parts)


def existing(batch: str, request: Request, dependencies: Dependencies) -> Record:
    """The client's own batch. Raises ProblemError 404."""
    record = dependencies.records.get(batch_record_key(batch))
    if record is None or not owns(record.data, request):
        days = dependencies.keep_seconds // 86_400
        raise ProblemError(404, f"batch: got {batch}; allowed: one made in the last {days} days with the same API key")
    return record


def show(record: Record, request: Request, dependencies: Dependencies, *, alone: bool = True) -> dict[str, Any]:
    """The batch as its client sees it; in a list what only its map knows is left out."""
    data = record.data
    run = dependencies.batches.map_run(execution_name(record)) if alone and _is_unreported(record) else None
    return {
        "id": data["id"],
        "name": data["asked"].get("name"),
        "status": data["state"],
        "stage": _stage(record, run),
        "round": data["round"],
        "version": data["asked"].get("version", ""),
        "input": data["asked"]["input"],
        "counts": _counts(record, run),
        "estimate": data.get("plan"),
        "eta_seconds": None if record.status == ENDED else _eta(run, dependencies.now),
        "seconds": data.get("seconds"),
        "dollars": data.get("dollars"),
        "error": discreet(data.get("error"), json.dumps(data["asked"])),
        "errors": discreet({"errors": data.get("errors", [])}, json.dumps(data["asked"]))["errors"],
        "created_at": data["created_at"],
        "started_at": data.get("started_at"),
        "completed_at": data.get("completed_at"),
        "report": _report(record, dependencies) if data.get("reported") else None,
        "disclosure": disclosed(request, dependencies)[1],
        "urls": _urls(data["id"], request),
        **webhooks.shown(data.get("webhook", ""), dependencies.records),
    }


def _urls(batch: str, request: Request) -> dict[str, str]:
    addresses = request.urls(f"/v1/batches/{batch}")
    return {**addresses, "resume": f"{addresses['get']}/resume"}


def _is_unreported(record: Record) -> bool:
    return "plan" in record.data and "counts" not in record.data


def _stage(record: Record, run: MapRun | None) -> str:
    if record.status == ENDED:
        return "done"
    if record.data["state"] == "starting":
        return "preparing"
    return "reporting" if run is not None and run.ended else "painting"


def _counts(record: Record, run: MapRun | None) -> dict[str, int] | None:
    """By its map while it is painted, by its report afterwards."""
    data = record.data
    if "counts" in data:
        return dict(data["counts"])
    if "plan" not in data:
        return None
    counts = {**NOT_BEGUN, "total": data["total"], "succeeded": data["before"], "waiting": data["plan"]["items"]}
    if run is None:
        return counts
    counts["succeeded"] += run.succeeded
    return {**counts, "waiting": run.pending, "running": run.running, "failed": run.failed, "canceled": run.aborted}


def _eta(run: MapRun | None, now: float) -> float | None:
    """By the pace of this round so far: what is left takes as long for each as what has ended."""
    if run is None or run.ended:
        return None
    done, left = run.succeeded + run.failed, run.pending + run.running
    return round((now - run.started.timestamp()) / done * left, 1) if done else None


def _report(record: Record, dependencies: Dependencies) -> dict[str, str]:
    batch = record.data["id"]
    return {what: dependencies.media.get_url(batch_key(batch, name), URL_SECONDS) for what, name in REPORT.items()}

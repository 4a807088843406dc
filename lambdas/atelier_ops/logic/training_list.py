"""GET /v1/trainings: the trainings of the styles that a client may read, the newest first."""

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any

from aws_lambda_powertools.event_handler import Response

from atelier_ops.gateways.workflow import Execution, StartedExecution
from atelier_ops.logic.discretion import discreet
from atelier_ops.logic.http import Dependencies, Request
from atelier_ops.logic.ownership import may_read
from atelier_ops.logic.paging import fitting, page, position, read_query
from atelier_ops.logic.timestamps import rfc3339
from atelier_ops.logic.trainings import STATUSES, metrics_of, named, origin_of, output_of
from contracts.queries import PageQuery

READERS = 8
"""Executions that are described at a time."""

MOST_LOOKED_AT = 200
"""Executions of which one request finds out whose they are: Step Functions describes some hundreds, and then 10 to 15 a second.

https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
"""


def get(request: Request, dependencies: Dependencies) -> Response[str]:
    """200 with a page of the trainings of all styles that the client may read. Raises InvalidInputError."""
    query = read_query(request, PageQuery)
    after = position(query, 2)
    looked = list(islice(_behind(dependencies.executions.listing(), after), MOST_LOOKED_AT + 1))
    found, last = _readable(looked[:MOST_LOOKED_AT], query.limit, request, dependencies)
    shown = fitting(found, lambda pair: _show(*pair, request, dependencies))
    if len(shown) < len(found):
        last = _place(shown[-1][0][0])
    more = last is not None and bool(looked) and last != _place(looked[-1])
    return page(request, query, [each for _, each in shown], last if more else None)


def _behind(started: Iterator[StartedExecution], after: Sequence[str] | None) -> Iterator[StartedExecution]:
    """What was started before the place that the cursor names, the newest first; of one moment, by name.

    Step Functions' own order changes when an execution ends, so that pages of it would have one twice and lack another.
    """
    newest = sorted(started, key=_place, reverse=True)
    return (each for each in newest if after is None or _place(each) < list(after))


def _place(execution: StartedExecution | Execution) -> list[str]:
    return [rfc3339(execution.started), execution.name]


def _readable(
    looked: Sequence[StartedExecution], limit: int, request: Request, dependencies: Dependencies
) -> tuple[list[tuple[Execution, Execution]], list[str] | None]:
    """Up to ``limit`` executions, each with the one that says what is learnt, and the place of the last that was looked at."""
    found, last = list[tuple[Execution, Execution]](), None
    known = dict[str, bool]()
    with ThreadPoolExecutor(READERS) as pool:
        for start in range(0, len(looked), limit):
            names = [each.name for each in looked[start : start + limit]]
            for place, execution in zip(
                looked[start:], pool.map(dependencies.executions.describe, names), strict=False
            ):
                last = _place(place)
                origin = origin_of(execution, dependencies) if execution else None
                if execution and origin and _may_read(origin, known, request, dependencies):
                    found.append((execution, origin))
                if len(found) == limit:
                    return found, last
    return found, last


def _may_read(origin: Execution, known: dict[str, bool], request: Request, dependencies: Dependencies) -> bool:
    style = str(origin.input.get("style") or "")
    if style not in known:
        known[style] = may_read(style, request, dependencies)
    return known[style]


def _show(execution: Execution, origin: Execution, request: Request, dependencies: Dependencies) -> dict[str, Any]:
    learnt, given = origin.input, named(execution.input, dependencies.data)
    sent = json.dumps([execution.name, given, named(learnt, dependencies.data)])
    output = (execution.output or {}) if execution.status == "SUCCEEDED" else {}
    return {
        "id": execution.name,
        "version": learnt.get("base_model") or "default",
        "model": learnt.get("style"),
        "status": STATUSES[execution.status],
        "input": given,
        "output": output_of(learnt, output),
        "error": discreet(execution.cause or execution.error or None, sent),
        "metrics": metrics_of(execution, output),
        "created_at": rfc3339(execution.started),
        "started_at": rfc3339(execution.started),
        "completed_at": rfc3339(execution.stopped) if execution.stopped else None,
        "urls": request.urls(f"/v1/trainings/{execution.name}"),
    }

"""GET /v1/predictions: what the client made, the newest first."""

from aws_lambda_powertools.event_handler import Response

from atelier_ops.gateways.records import Listed, Record
from atelier_ops.logic.deletion import DELETING
from atelier_ops.logic.http import Dependencies, Request
from atelier_ops.logic.paging import fitting, page, position, read_query
from atelier_ops.logic.prediction_shown import show
from contracts.queries import PageQuery


def get(request: Request, dependencies: Dependencies) -> Response[str]:
    """200 with a page of the client's own predictions, as their records say. Raises InvalidInputError."""
    query = read_query(request, PageQuery)
    begin = position(query, 2)
    after = Listed(created=begin[0], key=begin[1]) if begin else None
    found, more = _found(request.client, query.limit, after, dependencies)
    shown = fitting(found, lambda record: show(record, request, dependencies))
    last = shown[-1][0] if shown and (more or len(shown) < len(found)) else None
    return page(request, query, [each for _, each in shown], (last.created, last.key) if last else None)


def _found(client: str, limit: int, after: Listed | None, dependencies: Dependencies) -> tuple[list[Record], bool]:
    """Up to ``limit`` records, and whether there may be more: the index may name some that are deleted by now."""
    found = list[Record]()
    while client and len(found) < limit:
        places = dependencies.records.made_by(client, limit - len(found), after)
        if not places:
            return found, False
        after = places[-1]
        there = dependencies.records.get_each([place.key for place in places])
        found += [record for record in there if record.status != DELETING]
    return found, bool(client)

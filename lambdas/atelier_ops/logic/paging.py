"""Pages of lists: what a query asks for, and the address of the page that follows."""

import base64
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from aws_lambda_powertools.event_handler import Response

from atelier_ops.logic.http import Request, respond
from contracts.errors import InvalidInputError
from contracts.queries import PageQuery, Query

LARGEST_PAGE = 4 * 2**20
"""Characters of a page's results: a Lambda answers 6 MB at most. What is more comes on the next page."""

QueryT = TypeVar("QueryT", bound=Query)
ItemT = TypeVar("ItemT")


def read_query(request: Request, contract: type[QueryT]) -> QueryT:
    """The request's query. Raises InvalidInputError with everything that is wrong with it."""
    return contract.from_json(dict(request.query_string_parameters or {}))


def position(query: PageQuery, parts: int) -> Sequence[str] | None:
    """The ``parts`` that a cursor of ours is made of; None where the list is read from its start. Raises InvalidInputError."""
    if not query.cursor:
        return None
    try:
        read = json.loads(base64.urlsafe_b64decode(query.cursor + "=" * (-len(query.cursor) % 4)))
    except ValueError:  # no base64, no UTF-8 or no JSON
        read = None
    if isinstance(read, list) and len(read) == parts and all(isinstance(part, str) and part for part in read):
        return read
    raise InvalidInputError("query.cursor", got=query.cursor, allowed="the one in the next of a page of this list")


def fitting(
    items: Iterable[ItemT], show: Callable[[ItemT], Mapping[str, Any]]
) -> list[tuple[ItemT, Mapping[str, Any]]]:
    """The first of the items, each with how it is shown: as many as one answer can carry, and at least one."""
    shown, size = list[tuple[ItemT, Mapping[str, Any]]](), 0
    for item in items:
        one = show(item)
        size += len(json.dumps(one))
        if shown and size > LARGEST_PAGE:
            break
        shown.append((item, one))
    return shown


def page(
    request: Request, query: PageQuery, results: Sequence[Mapping[str, Any]], last: Sequence[str] | None
) -> Response[str]:
    """200 with the results; where more may follow, ``last`` are the parts of where the next page begins."""
    return respond(200, {"results": list(results), "next": following(request, query, last), "previous": None})


def following(request: Request, query: PageQuery, last: Sequence[str] | None) -> str | None:
    """The address of the next page, which begins after ``last``; None where there is none."""
    if not last:
        return None
    cursor = base64.urlsafe_b64encode(json.dumps(list(last)).encode()).decode().rstrip("=")
    asked = {**query.to_json(), "cursor": cursor}
    return f"{request.urls(request.path)['get']}?{urlencode(asked)}"

"""Which function answers which method and path."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from atelier_ops.logic.http import ProblemError, Request, Response

Dependencies = TypeVar("Dependencies")
Answer = Callable[[Request, Dependencies, str], Response]


@dataclass(frozen=True, kw_only=True)
class Route(Generic[Dependencies]):
    """A path pattern and the functions that answer it, by method; its one group, if any, is the id handed to them."""

    pattern: str
    methods: Mapping[str, Answer[Dependencies]]


def dispatch(request: Request, dependencies: Dependencies, routes: list[Route[Dependencies]]) -> Response:
    """Answer a request. Raises ProblemError 404 for an unknown path, 405 for a method the path does not know."""
    for route in routes:
        found = re.fullmatch(route.pattern, request.path)
        if found is None:
            continue
        answer = route.methods.get(request.method)
        if answer is None:
            allowed = ", ".join(sorted(route.methods))
            detail = f"method: got {request.method}; allowed: {allowed}"
            raise ProblemError(405, detail, headers={"Allow": allowed})
        return answer(request, dependencies, found.group(1) if found.groups() else "")
    raise ProblemError(404, f"path: got {request.path}; allowed: /v1/predictions, /v1/trainings, /v1/files")

"""The API: which function answers which route, and how errors become responses."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from botocore.exceptions import BotoCoreError, ClientError

from atelier_ops.logic import predictions, trainings, uploads
from atelier_ops.logic.http import ProblemError, Request, Response, invalid, problem
from atelier_ops.observability import logger
from contracts.errors import InvalidInputError
from contracts.routes import ROUTES, Route

ID = re.compile(r"[A-Za-z0-9_-]{1,80}")


@dataclass(frozen=True, kw_only=True)
class Dependencies:
    """What the API needs, and the time of the request in seconds since 1970."""

    predictions: predictions.Dependencies
    trainings: trainings.Dependencies
    uploads: uploads.Dependencies
    now: float


ANSWERS: Mapping[str, Callable[[Request, Dependencies, str], Response]] = {
    "create_prediction": lambda request, needs, _: predictions.create(request, needs.predictions, needs.now),
    "get_prediction": lambda request, needs, item: predictions.get(request, needs.predictions, item, needs.now),
    "cancel_prediction": lambda request, needs, item: predictions.cancel(request, needs.predictions, item, needs.now),
    "create_training": lambda request, needs, _: trainings.create(request, needs.trainings, needs.now),
    "get_training": lambda request, needs, item: trainings.get(request, needs.trainings, item),
    "cancel_training": lambda request, needs, item: trainings.cancel(request, needs.trainings, item),
    "create_file": lambda request, needs, _: uploads.create(request, needs.uploads, needs.now),
}

_app = APIGatewayRestResolver()


def answer(event: Mapping[str, Any], dependencies: Dependencies, context: Any = None) -> dict[str, Any]:
    """Answer one proxy event; every error is a problem response."""
    event = {**event, "path": f"/{event['path'].strip('/')}"}
    _app.append_context(dependencies=dependencies, request=Request.from_event(event))
    response: dict[str, Any] = _app.resolve(event, context)
    return response


def _register(route: Route) -> None:
    @_app.route(route.path.replace("{id}", "<item>"), method=route.method)
    def respond(item: str = "") -> Response:
        if item and not ID.fullmatch(item):
            return _no_route(None)
        return ANSWERS[route.name](_request(), _app.context["dependencies"], item)


def _no_route(_: object) -> Response:
    """404 for an unknown path, 405 for a method that the path does not know."""
    request = _request()
    methods = ", ".join(sorted(route.method for route in ROUTES if route.matches(request.path)))
    if methods and request.method not in methods.split(", "):
        detail = f"method: got {request.method}; allowed: {methods}"
        return problem(ProblemError(405, detail, headers={"Allow": methods}), request)
    paths = ", ".join(route.path for route in ROUTES)
    return problem(ProblemError(404, f"path: got {request.path}; allowed: {paths}"), request)


def _invalid(error: InvalidInputError) -> Response:
    return problem(invalid(error), _request())


def _problem(error: ProblemError) -> Response:
    return problem(error, _request())


def _unavailable(error: Exception) -> Response:
    logger.exception("a service did not answer")
    detail = f"a service this request needs did not answer: {type(error).__name__}"
    return problem(ProblemError(503, detail, headers={"Retry-After": "30"}), _request())


def _bug(_: Exception) -> Response:
    """The process edge: the trace goes to the log, not to the client."""
    logger.exception("an error of ours")
    return problem(ProblemError(500, "an error of ours; the log has it under this request's id"), _request())


def _request() -> Request:
    request: Request = _app.context["request"]
    return request


for _route in ROUTES:
    _register(_route)
_app.not_found(_no_route)
_app.exception_handler(InvalidInputError)(_invalid)
_app.exception_handler(ProblemError)(_problem)
_app.exception_handler([ClientError, BotoCoreError])(_unavailable)
_app.exception_handler(Exception)(_bug)

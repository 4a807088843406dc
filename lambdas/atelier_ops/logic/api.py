"""The API's routes, and how errors become responses."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from atelier_ops.logic import predictions, trainings, uploads
from atelier_ops.logic.http import ProblemError, Request, Response, invalid, problem
from atelier_ops.logic.router import Route, dispatch
from atelier_ops.observability import logger
from contracts.errors import InvalidInputError


@dataclass(frozen=True, kw_only=True)
class Dependencies:
    """What the API needs, and the time of the request in seconds since 1970."""

    predictions: predictions.Dependencies
    trainings: trainings.Dependencies
    uploads: uploads.Dependencies
    now: float


ROUTES: list[Route[Dependencies]] = [
    Route(
        pattern="/v1/predictions",
        methods={
            "POST": lambda request, dependencies, _: predictions.create(
                request, dependencies.predictions, dependencies.now
            )
        },
    ),
    Route(
        pattern="/v1/predictions/([A-Za-z0-9_-]{1,64})",
        methods={
            "GET": lambda request, dependencies, found: predictions.get(
                request, dependencies.predictions, found, dependencies.now
            )
        },
    ),
    Route(
        pattern="/v1/predictions/([A-Za-z0-9_-]{1,64})/cancel",
        methods={
            "POST": lambda request, dependencies, found: predictions.cancel(
                request, dependencies.predictions, found, dependencies.now
            )
        },
    ),
    Route(
        pattern="/v1/trainings",
        methods={
            "POST": lambda request, dependencies, _: trainings.create(request, dependencies.trainings, dependencies.now)
        },
    ),
    Route(
        pattern="/v1/trainings/([A-Za-z0-9_-]{1,80})",
        methods={"GET": lambda request, dependencies, found: trainings.get(request, dependencies.trainings, found)},
    ),
    Route(
        pattern="/v1/trainings/([A-Za-z0-9_-]{1,80})/cancel",
        methods={"POST": lambda request, dependencies, found: trainings.cancel(request, dependencies.trainings, found)},
    ),
    Route(
        pattern="/v1/files",
        methods={
            "POST": lambda request, dependencies, _: uploads.create(request, dependencies.uploads, dependencies.now)
        },
    ),
]


def answer(event: Mapping[str, Any], dependencies: Dependencies) -> dict[str, Any]:
    """Answer one proxy event; every error is a problem response."""
    request = Request.from_event(event)
    return _answer(request, dependencies).to_event()


def _answer(request: Request, dependencies: Dependencies) -> Response:
    try:
        return dispatch(request, dependencies, ROUTES)
    except InvalidInputError as error:
        return problem(invalid(error), request)
    except ProblemError as error:
        return problem(error, request)
    except (ClientError, BotoCoreError) as error:
        logger.exception("a service did not answer")
        detail = f"a service this request needs did not answer: {type(error).__name__}"
        return problem(ProblemError(503, detail, headers={"Retry-After": "30"}), request)
    except Exception:  # noqa: BLE001 - the process edge: the trace goes to the log, not to the client
        logger.exception("an error of ours")
        return problem(ProblemError(500, "an error of ours; the log has it under this request's id"), request)

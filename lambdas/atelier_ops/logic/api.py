"""The API: which function answers which route, and how errors become responses."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from botocore.exceptions import BotoCoreError, ClientError

from atelier_ops.gateways.aws import passes
from atelier_ops.logic import (
    answer_headers,
    base_models,
    comparison,
    decisions,
    evaluations,
    imports,
    marks,
    prediction_list,
    predictions,
    rollback,
    stored_files,
    style_deletion,
    style_pages,
    styles,
    training_captions,
    training_list,
    trainings,
    uploads,
    webhook_secret,
)
from atelier_ops.logic.batches import beginning, showing
from atelier_ops.logic.facades import openai, replicate, replicate_files, stability
from atelier_ops.logic.http import FORM, Dependencies, ProblemError, Request
from atelier_ops.logic.people import requests as people
from atelier_ops.observability import count, logger
from contracts.errors import InvalidInputError
from contracts.openai import OpenAiError
from contracts.route import Route
from contracts.routes.table import ROUTES
from contracts.stability import StabilityError


def _create_file(request: Request, dependencies: Dependencies) -> Response[str]:
    """An address to put a file at, or where it came with the request, the file."""
    create = replicate_files.create if request.kind == FORM else uploads.create
    return create(request, dependencies)


ANSWERS: Mapping[str, Callable[..., Response[str]]] = {
    "create_prediction": predictions.create,
    "list_predictions": prediction_list.get,
    "get_prediction": predictions.get,
    "cancel_prediction": predictions.cancel,
    "delete_prediction": predictions.delete,
    "create_batch": beginning.create,
    "list_batches": showing.list_batches,
    "get_batch": showing.get,
    "cancel_batch": beginning.cancel,
    "resume_batch": beginning.resume,
    "create_training": trainings.create,
    "list_trainings": training_list.get,
    "get_training": trainings.get,
    "cancel_training": trainings.cancel,
    "resume_training": trainings.resume,
    "get_captions": training_captions.get,
    "put_captions": training_captions.put,
    "create_file": _create_file,
    "list_files": stored_files.list_files,
    "get_file": stored_files.get,
    "delete_file": stored_files.delete,
    "get_mark": marks.get,
    "list_styles": style_pages.list_styles,
    "get_style": style_pages.get,
    "create_version": imports.create,
    "get_version": style_pages.get_version,
    "delete_style": style_deletion.delete_style,
    "delete_version": style_deletion.delete_version,
    "compare_versions": comparison.compare,
    "approve_version": decisions.approve,
    "reject_version": decisions.reject,
    "promote_version": styles.promote_version,
    "evaluate_version": evaluations.create,
    "roll_back_style": rollback.create,
    "list_base_models": base_models.list_models,
    "get_base_model": base_models.get,
    "get_account": replicate.account,
    "list_collections": replicate.list_collections,
    "list_hardware": replicate.list_hardware,
    "list_deployments": replicate.list_deployments,
    "get_deployment": replicate.get_deployment,
    "list_models": replicate.list_models,
    "get_model": replicate.get_model,
    "list_model_versions": replicate.list_versions,
    "get_model_version": replicate.get_version,
    "create_model_prediction": replicate.create_prediction,
    "create_deployment_prediction": replicate.create_prediction,
    "create_model_training": replicate.create_training,
    "get_webhook_secret": webhook_secret.get,
    "generate_images": openai.generate,
    "edit_images": openai.edit,
    "retrieve_model": replicate.retrieve_model,
    "search_and_replace": stability.search_and_replace,
    "delete_person": people.delete,
    "get_person": people.get,
}
"""Each takes the request, the dependencies and the names in the path, in order."""

REFUSAL_TYPE = "urn:x-atelier:refused:"
"""Begins the type of a problem that is a refusal; the rule follows."""

_app = APIGatewayRestResolver()


def answer(event: Mapping[str, Any], dependencies: Dependencies, context: Any = None) -> dict[str, Any]:
    """Answer one proxy event; every error is a problem response."""
    event = {**event, "path": f"/{event['path'].strip('/')}"}
    request = Request(event, dependencies.clients)
    if request.http_method == "OPTIONS" and dependencies.origins:
        return answer_headers.preflight(request, dependencies)
    _app.append_context(dependencies=dependencies, request=request)
    response: dict[str, Any] = _app.resolve(event, context)
    return answer_headers.with_headers(response, request, dependencies)


def _register(route: Route) -> None:
    @_app.route(re.sub(r"\{(\w+)\}", r"<\1>", route.path), method=route.method)
    def respond(**values: str) -> Response[str]:
        if not all(re.fullmatch(route.pattern(name), value) for name, value in values.items()):
            return _no_route(None)
        if not _request().client:
            # What belongs to nobody would belong to everybody whom API Gateway does not name.
            raise RuntimeError("API Gateway named neither a key nor a signer")
        if route.takes_body:  # a key that is none is refused, whether or not the route does something with it
            _request().idempotency_key()
        return ANSWERS[route.name](_request(), _app.context["dependencies"], *(values[name] for name in route.names))


def _no_route(_: object) -> Response[str]:
    """404 for an unknown path, 405 for a method that the path does not know."""
    request = _request()
    methods = ", ".join(sorted(route.method for route in ROUTES if route.matches(request.path)))
    if methods and request.http_method not in methods.split(", "):
        detail = f"method: got {request.http_method}; allowed: {methods}"
        return _failed(ProblemError(405, detail, headers={"Allow": methods}))
    paths = ", ".join(dict.fromkeys(route.path for route in ROUTES))
    return _failed(ProblemError(404, f"path: got {request.path}; allowed: {paths}"))


def _problem(error: Exception) -> Response[str]:
    """What is wrong with the request goes to the client; of other errors the trace goes to the log, and only their kind to the client.

    Only what may pass by itself is 503: a right, a key or a bucket that is missing is an error of ours, however often it is asked again.
    """
    match error:
        case ProblemError():
            reported = error
        case InvalidInputError():
            reported = _invalid(error)
        case ClientError() | BotoCoreError() if passes(error):
            logger.exception("a service did not answer")
            detail = f"a service this request needs did not answer: {type(error).__name__}"
            reported = ProblemError(503, detail, headers={"Retry-After": "30"})
        case _:
            logger.exception("an error of ours")
            reported = ProblemError(500, "an error of ours; the log has it under this request's id")
    return _failed(reported)


def _invalid(error: InvalidInputError) -> ProblemError:
    """What is wrong, and where it is refused, by which rule: that is counted, without the words."""
    extra: dict[str, Any] = {"what": error.what, "allowed": error.allowed, "errors": error.to_json()}
    if error.reason:
        count("RequestsRefusedBySafety")
        logger.info("refused", reason=error.reason)
        extra |= {"type": f"{REFUSAL_TYPE}{error.reason}", "reason": error.reason}
    return ProblemError(422, str(error), **extra)


def _failed(error: ProblemError) -> Response[str]:
    """The error in the shape that the clients of the route read."""
    request = _request()
    asked = (route for route in ROUTES if route.method == request.http_method and route.matches(request.path))
    route = next(asked, None)
    if route and route.problem is OpenAiError:
        return openai.error_response(error, request.told(error.detail))
    if route and route.problem is StabilityError:
        return stability.error_response(error, request)
    if openai.is_asked_by(request):
        return request.problem(error, {"error": openai.error_object(error, request.told(error.detail))})
    return request.problem(error)


def _request() -> Request:
    request: Request = _app.context["request"]
    return request


for _route in ROUTES:
    _register(_route)
_app.not_found(_no_route)
_app.exception_handler(Exception)(_problem)

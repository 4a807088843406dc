"""``docs/openapi.json``: the HTTP API for programs, made from its routes and the contracts of what is posted and answered."""

import json
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from contracts.answers import Prediction, ProblemDetails
from contracts.batch_answers import CatalogueBatch
from contracts.disclosure import HEADER
from contracts.model import json_schema
from contracts.queries import Query
from contracts.route import Route
from contracts.routes.table import ROUTES
from docs.examples import EXAMPLES
from docs.sent import contracts, spelt_out

REFERENCE = "#/components/schemas/{model}"
JSON, FORM, PROBLEM = "application/json", "multipart/form-data", "application/problem+json"

COMMON: Mapping[int, str] = {
    401: "no API key, or an unknown one",
    429: "more requests than the key's plan allows; Retry-After says when to try again",
    500: "an error of the service; its log has it under the request's id",
    503: "a service behind the API did not answer, or too many ask at a time; Retry-After says when to try again",
}
OF_QUERIES: Mapping[int, str] = {
    422: "the query says something impossible: errors lists everything that is wrong",
}
OF_BODIES: Mapping[int, str] = {
    400: "the body cannot be read as its Content-Type says, or the Idempotency-Key is longer than 255 characters",
    413: "the body is larger than 5 MB: larger pictures go through POST /v1/files",
    422: "the body says something impossible: errors lists everything that is wrong; "
    "or the Idempotency-Key came with another body before",
}


OF_THE_GATEWAY = (401, 413, 429, 500, 503)
"""Errors that API Gateway may answer by itself, in one shape for all routes."""


WAITING = ("create_prediction", "create_model_prediction", "create_deployment_prediction", "get_prediction")
"""Routes that take ``Prefer: wait``."""


def document() -> dict[str, Any]:
    """The OpenAPI 3.1 document."""
    bodies: set[type[BaseModel]] = {route.body for route in ROUTES if route.body}
    answers = {answer for route in ROUTES for answer in (route.answer, route.form_answer) if answer}
    models: set[type[BaseModel]] = {*(route.problem for route in ROUTES), *answers, *bodies}
    ordered = sorted(models, key=lambda model: model.__name__)
    _, schemas = models_json_schema([(model, "validation") for model in ordered], ref_template=REFERENCE)
    sent = {contract.__name__: contract for contract in contracts()}
    described = {
        name: spelt_out(sent[name], schema) if name in sent else schema for name, schema in schemas["$defs"].items()
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Atelier",
            "version": version("atelier"),
            "description": "Pictures in a brand's own style, in Replicate's shapes; errors are RFC 9457 problems.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/", "description": "the stack's output ApiUrl"}],
        "security": [{"bearer": []}, {"key": []}],
        "paths": _paths(),
        "components": {
            "schemas": described,
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "the API key; the scheme Token is the same",
                },
                "key": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "x-api-key",
                    "description": "the same key; the only way where the stage is signed",
                },
            },
        },
    }


def text() -> str:
    """The document as the file holds it."""
    return json.dumps(document(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _paths() -> dict[str, Any]:
    paths: dict[str, Any] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return paths


def _operation(route: Route) -> dict[str, Any]:
    operation = {
        "operationId": route.name,
        "summary": route.about.partition(". ")[0].rstrip("."),
        "description": route.about,
        "tags": [route.path.split("/")[2]],
        "parameters": _parameters(route),
        "responses": {str(route.status): _good(route), **_bad(route)},
    }
    if route.takes_body:
        operation["requestBody"] = {"required": route.needs_body, "content": _content(route)}
    return operation


def _content(route: Route) -> dict[str, Any]:
    """What a body may be, by its media type."""
    examples = {"examples": {title: {"value": body} for title, body in EXAMPLES.get(route.name, {}).items()}}
    json_body = {JSON: {"schema": _schema(route.body.__name__), **examples}} if route.body else {}
    if route.form is None:
        return json_body
    return {**json_body, FORM: {"schema": spelt_out(route.form, json_schema(route.form), null=False)}}


def _parameters(route: Route) -> list[dict[str, Any]]:
    parameters: list[dict[str, Any]] = []
    for name in route.names:
        pattern = {"type": "string", "pattern": f"^{route.pattern(name)}$"}
        parameters.append({"name": name, "in": "path", "required": True, "schema": pattern})
    parameters += _asked(route.query) if route.query else []
    if route.takes_body:  # it makes something, and a repeated request gives the first one's
        about = "the same key and body give the same result; another body with it is 422"
        key = {"type": "string", "minLength": 1, "maxLength": 255}
        parameters.append({"name": "Idempotency-Key", "in": "header", "description": about, "schema": key})
    if route.disclosed or (route.answer and issubclass(route.answer, (Prediction, CatalogueBatch))):
        about = "the language of disclosure"
        parameters.append(
            {"name": "Accept-Language", "in": "header", "description": about, "schema": {"type": "string"}}
        )
    if route.name in WAITING:
        about = "wait or wait=N: keep the request until the prediction has ended, for N seconds or 25 at most; Preference-Applied says so"
        parameters.append({"name": "Prefer", "in": "header", "description": about, "schema": {"type": "string"}})
    return parameters


def _asked(query: type[Query]) -> list[dict[str, Any]]:
    """What may stand behind the question mark."""
    schema = spelt_out(query, json_schema(query), null=False)
    return [
        {
            **{"name": name, "in": "query", "required": name in schema.get("required", [])},
            **{"description": declared["description"], "schema": _without(declared, "description")},
        }
        for name, declared in schema["properties"].items()
    ]


def _without(schema: Mapping[str, Any], left_out: str) -> dict[str, Any]:
    return {name: value for name, value in schema.items() if name != left_out}


def _good(route: Route) -> dict[str, Any]:
    if route.answer is None:
        return {"description": "done; the answer has no body"}
    good: dict[str, Any] = {
        "description": route.answer.__name__,
        "content": {JSON: {"schema": _answered(route)}},
    }
    if route.picture:
        whole = {"type": "string", "contentEncoding": "binary"}
        good["content"] |= {f"image/{kind}": {"schema": whole} for kind in ("png", "jpeg", "webp")}
    if route.disclosed:
        about = "to be told to whoever is shown the pictures: a Display String of RFC 9651, and its language"
        good["headers"] = {HEADER: {"description": about, "schema": {"type": "string"}}}
    if route.status == 201 and route.located:
        good["headers"] = {"Location": {"description": "its own address", "schema": {"type": "string"}}}
    return good


def _answered(route: Route) -> dict[str, Any]:
    """The schema of a good answer, which may be another to a form."""
    named = [_schema(answer.__name__) for answer in (route.answer, route.form_answer) if answer]
    return {"oneOf": named} if len(named) > 1 else named[0]


def _bad(route: Route) -> dict[str, Any]:
    statuses = {**COMMON, **(OF_QUERIES if route.query else {}), **_of_bodies(route)}
    if route.names:
        statuses[404] = f"there is none of this {' and '.join(route.names)}, or no longer"
    statuses |= route.errors
    return {
        str(status): {"description": about, "content": _refused(route, status)}
        for status, about in sorted(statuses.items())
    }


def _refused(route: Route, status: int) -> dict[str, Any]:
    """The shapes of an error: the route's own, and where API Gateway may answer by itself, that of all others."""
    problem = {PROBLEM: {"schema": _schema(ProblemDetails.__name__)}}
    if route.problem is ProblemDetails:
        return problem
    own = {JSON: {"schema": _schema(route.problem.__name__)}}
    return {**own, **problem} if status in OF_THE_GATEWAY else own


def _of_bodies(route: Route) -> dict[int, str]:
    kinds = " or ".join(_content(route))
    return {**OF_BODIES, 415: f"the Content-Type is not {kinds}"} if route.takes_body else {}


def _schema(name: str) -> dict[str, str]:
    return {"$ref": REFERENCE.format(model=name)}

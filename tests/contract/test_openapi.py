"""docs/openapi.json, by which programs call the API. test_docs.py holds it up to date, every API test holds answers to it."""

import json
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate

from contracts.route import Route
from contracts.routes.table import ROUTES


@pytest.fixture(scope="module")
def document(root: Path) -> dict[str, Any]:
    text = (root / "docs" / "openapi.json").read_text(encoding="utf-8")
    parsed: dict[str, Any] = json.loads(text)
    return parsed


def operation(document: dict[str, Any], route: Route) -> dict[str, Any]:
    found: dict[str, Any] = document["paths"][route.path][route.method.lower()]
    return found


def test_it_is_valid_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1.")
    validate(document)


def test_it_has_every_route_and_no_other(document: dict[str, Any]) -> None:
    named = {operation["operationId"] for path in document["paths"].values() for operation in path.values()}
    assert named == {route.name for route in ROUTES}


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_a_route_says_what_it_takes_and_what_can_go_wrong(route: Route, document: dict[str, Any]) -> None:
    described = operation(document, route)
    headers = {parameter["name"] for parameter in described["parameters"] if parameter["in"] == "header"}
    assert ("Idempotency-Key" in headers) == bool(route.body)
    assert ("Prefer" in headers) == (route.name == "create_prediction")
    assert ("requestBody" in described) == (route.body is not None)
    assert ("422" in described["responses"]) == bool(route.body or route.query)
    assert {"401", "429", "500", "503", str(route.status)} <= set(described["responses"])
    assert document["security"] == [{"key": []}]


def test_a_client_learns_the_fields_bounds_and_defaults_of_a_prediction(document: dict[str, Any]) -> None:
    fields = document["components"]["schemas"]["PredictionInput"]["properties"]
    assert (fields["num_outputs"]["minimum"], fields["num_outputs"]["maximum"], fields["num_outputs"]["default"]) == (
        1,
        8,
        1,
    )
    assert "image_to_image" in fields["mode"]["enum"]
    assert fields["width"]["multipleOf"] == 8

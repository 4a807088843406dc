"""docs/openapi.json, by which programs call the API. test_docs.py holds it up to date, every API test holds answers to it."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from contracts.errors import InvalidInputError
from contracts.model import Contract
from contracts.modes import MODES
from contracts.prediction import PredictionInput
from contracts.requests import FileRequest, ResumptionRequest, TrainingInput
from contracts.route import Route
from contracts.routes.table import ROUTES
from docs.examples import EXAMPLES
from docs.openapi import WAITING
from docs.sent import contracts
from tests.unit.hostile_requests import GOOD


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
    assert ("Idempotency-Key" in headers) == route.takes_body
    assert ("Prefer" in headers) == (route.name in WAITING)
    assert ("requestBody" in described) == route.takes_body
    assert ("422" in described["responses"]) == bool(route.takes_body or route.query)
    assert {"401", "429", "500", "503", str(route.status)} <= set(described["responses"])
    assert document["security"] == [{"bearer": []}, {"key": []}]


def test_a_client_learns_the_fields_bounds_and_defaults_of_a_prediction(document: dict[str, Any]) -> None:
    fields = document["components"]["schemas"]["PredictionInput"]["properties"]
    assert (fields["num_outputs"]["minimum"], fields["num_outputs"]["maximum"], fields["num_outputs"]["default"]) == (
        1,
        8,
        1,
    )
    assert "image_to_image" in fields["mode"]["enum"]
    assert fields["width"]["multipleOf"] == 8


BODIES = [route for route in ROUTES if route.body]


def holds(document: dict[str, Any], model: str, body: Any) -> bool:
    """Whether a body is as the document says."""
    schema = {"$ref": f"#/components/schemas/{model}", "components": document["components"]}
    return bool(Draft202012Validator(schema).is_valid(body))


def reads(contract: type[Contract], body: Any) -> bool:
    """Whether a body is as the contract says."""
    try:
        contract.from_json(body)
    except InvalidInputError:
        return False
    return True


@pytest.mark.parametrize("nothing", [None, ""])
@pytest.mark.parametrize("route", BODIES, ids=lambda route: route.name)
def test_what_means_nothing_is_taken_where_the_document_takes_it(
    route: Route, nothing: str | None, document: dict[str, Any]
) -> None:
    assert route.body is not None
    for name in route.body.model_fields:
        body = {**GOOD[route.name], name: nothing}
        assert holds(document, route.body.__name__, body) == reads(route.body, body), name


@pytest.mark.parametrize(
    ("contract", "body"),
    [
        (PredictionInput, {}),
        (PredictionInput, {"mode": None, "prompt": "red", "image": "aGk="}),
        *((PredictionInput, {"mode": mode}) for mode in MODES),
        *((PredictionInput, {"mode": mode, **dict.fromkeys(MODES[mode].needs, "a skirt")}) for mode in MODES),
        *((PredictionInput, {"mode": mode, **dict.fromkeys(MODES[mode].needs[:-1], "a skirt")}) for mode in MODES),
        *((TrainingInput, {"dataset": "datasets/skirt/", **more}) for more in ({}, {"target": "a skirt"})),
        (TrainingInput, {"dataset": "datasets/skirt/", "task": "text-to-image", "instance_prompt": "sks"}),
        (FileRequest, {**GOOD["create_file"], "purpose": "dataset"}),
        (FileRequest, {**GOOD["create_file"], "purpose": "dataset", "style": "skirt"}),
        (ResumptionRequest, {"webhook_events_filter": ["start"]}),
        (ResumptionRequest, {"webhook_events_filter": None}),
        (ResumptionRequest, {"webhook_events_filter": ["start"], "webhook": "https://example.com/told"}),
    ],
)
def test_the_document_knows_what_a_field_needs_of_others(
    contract: type[Contract], body: Any, document: dict[str, Any]
) -> None:
    assert holds(document, contract.__name__, body) == reads(contract, body)


@pytest.mark.parametrize("route", BODIES, ids=lambda route: route.name)
def test_a_route_shows_bodies_that_it_takes(route: Route, document: dict[str, Any]) -> None:
    shown = operation(document, route)["requestBody"]["content"]["application/json"]["examples"]
    assert shown
    assert route.body is not None
    for example in shown.values():
        assert holds(document, route.body.__name__, example["value"])
        assert reads(route.body, example["value"])


def test_every_contract_in_the_document_is_known(document: dict[str, Any]) -> None:
    assert EXAMPLES.keys() <= {route.name for route in BODIES}
    named = {contract.__name__ for contract in contracts()}
    assert {route.body.__name__ for route in BODIES if route.body} <= named & document["components"]["schemas"].keys()


def test_a_query_that_cannot_do_without_something_says_so(document: dict[str, Any]) -> None:
    (versions,) = (
        each for each in document["paths"]["/v1/styles/{style}/compare"]["get"]["parameters"] if each["in"] == "query"
    )
    assert (versions["name"], versions["required"]) == ("versions", True)
    listed = document["paths"]["/v1/styles"]["get"]["parameters"]
    assert [each["required"] for each in listed if each["in"] == "query"] == [False, False]


def test_a_body_that_says_nothing_may_be_left_out_at_every_door(document: dict[str, Any]) -> None:
    """The handler, API Gateway's own check and the document agree on which."""
    for route in ROUTES:
        if route.body and route.form is None:
            needed = not reads(route.body, {})
            assert operation(document, route)["requestBody"]["required"] == needed, route.name
            assert route.needs_body == needed, route.name
            assert not route.always_json or needed, route.name

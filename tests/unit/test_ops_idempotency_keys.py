"""A key that is none is refused by every route that takes one, before anything is read or made, whatever the route does with keys."""

import json
from typing import Any

import pytest

from contracts.openai import OpenAiError
from contracts.route import Route
from contracts.routes.table import ROUTES
from contracts.stability import StabilityError
from tests.unit.ops_api import Api

TAKING = [route for route in ROUTES if route.takes_body]


def ask(route: Route, key: str) -> Any:
    api = Api()
    path = route.path.format(**dict.fromkeys(route.names, "1"))
    answered = api.call(route.method, path, {}, Idempotency_Key=key)
    assert not api.records.items
    return answered


@pytest.mark.parametrize("route", TAKING, ids=lambda route: route.name)
@pytest.mark.parametrize("key", ["", "k" * 256])
def test_a_key_that_is_none_is_refused(route: Route, key: str) -> None:
    answered = ask(route, key)
    assert answered.status == 400
    assert f"Idempotency-Key: got {len(key)} characters; allowed: 1 to 255" in json.dumps(answered.body)
    if route.problem not in (OpenAiError, StabilityError):
        assert answered.body["detail"].startswith("Idempotency-Key")


def test_approvals_rejections_and_promotions_take_keys() -> None:
    names = {route.name for route in TAKING}
    assert names >= {"approve_version", "reject_version", "roll_back_style", "resume_batch", "create_prediction"}


@pytest.mark.parametrize("route", TAKING, ids=lambda route: route.name)
def test_a_longest_key_is_one(route: Route) -> None:
    assert "Idempotency-Key" not in json.dumps(ask(route, "k" * 255).body)

"""Forms that no honest client sends are refused before anything is begun or kept, and what is only odd is read as it stands there."""

import base64
import unicodedata
from collections.abc import Iterator
from typing import Any

import pytest

from contracts.routes.table import ROUTES
from tests.unit.hostile_forms import HostileForm, hostile_forms
from tests.unit.hostile_requests import FORMS
from tests.unit.ops_api import Api

_PATHS = {route.name: route.path for route in ROUTES if route.form}


def event_of(route: str, form: HostileForm) -> dict[str, Any]:
    body = base64.b64encode(form.body).decode()
    context = {"path": f"/live{_PATHS[route]}", "requestId": "r", "identity": {"apiKeyId": "key-1"}}
    return {
        "httpMethod": "POST",
        "path": _PATHS[route],
        "headers": {"Content-Type": form.kind},
        "body": body,
        "isBase64Encoded": True,
        "requestContext": context,
    }


def cases() -> Iterator[Any]:
    for route, good in FORMS.items():
        for form in hostile_forms(good):
            yield pytest.param(route, form, id=f"{route} {form.fault}".encode("ascii", "replace").decode())


@pytest.mark.parametrize(("route", "form"), list(cases()))
def test_what_is_no_form_is_refused_and_what_is_odd_is_read(route: str, form: HostileForm) -> None:
    api = Api()
    before = (dict(api.buckets.objects), dict(api.records.items))
    answered = api.event(event_of(route, form))
    kept = (dict(api.buckets.objects), dict(api.records.items)) != before
    if form.refused:
        assert answered.status in (400, 415, 422), answered
        assert not kept
    else:
        # What is painted meanwhile is asked for again.
        assert answered.status in ((201, 422) if route == "create_file" else (503,)), answered
        assert kept == (answered.status != 422)
    assert all(value.isprintable() and value.isascii() for value in answered.headers.values())
    for _, key in api.buckets.objects:
        assert not any(unicodedata.category(character) == "Cc" for character in key)
        assert not {"", ".", ".."} & set(key.split("/"))


def test_every_route_that_takes_a_form_is_tried() -> None:
    assert set(FORMS) == set(_PATHS)

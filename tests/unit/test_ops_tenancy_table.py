"""docs/tenancy.md: what each route answers a client about what is its own, another's, the house's, and not there."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from atelier_ops.gateways.records import NEVER, Record
from atelier_ops.logic.ownership import CLAIMED, claim_key
from contracts.mark import mark_of
from contracts.route import Route
from contracts.routes.table import ROUTES
from tests.unit.ops_api import Answered, Api
from tests.unit.ops_fakes import PNG, execution
from tests.unit.ops_stage import put_dataset, put_promoted, put_version

OWNERS = ("own", "other", "house", "unknown")
"""Whose that is which a request names. The client that asks has ``key-2`` and does not manage; the other one's key was made by hand."""
CLIENTS = {
    "keys": {"own": ("key-2", "second"), "other": ("key-3", "key-3")},
    "people": {person: (f"person:{person}-sub", f"person:{person}-sub") for person in ("own", "other")},
}
"""Keys and names. People sign in on the page, and have no key of their own."""
STYLES = {"own": "mine", "other": "theirs", "house": "skirt", "unknown": "nobodys"}
NAMED = {"version": "1", "reference": "1"}
PAINT = {"input": {"prompt": "a red skirt", "mode": "text_to_image"}}
PICTURE = {"name": "a.png", "content_type": "image/png", "size": 9}


def training(style: str) -> dict[str, Any]:
    return {"destination": style, "input": {"dataset": "datasets/skirt/", "target": "a skirt"}}


PREDICTION = next(route for route in ROUTES if route.name == "get_prediction")
BODIES: dict[str, Callable[[str], Any]] = {
    "create_prediction": lambda style: {**PAINT, "version": style},
    "create_batch": lambda style: {**PAINT, "version": style, "items": [{}]},
    "create_training": training,
    "put_captions": lambda style: {"captions": [{"file_name": "a.png", "text": "a photo of sks skirt"}]},
    "create_file": lambda style: {**PICTURE, "purpose": "dataset", "style": style},
    "reject_version": lambda style: {"reason": "too dark"},
    "evaluate_version": lambda style: {"dataset": f"datasets/{style}/"},
    "create_version": lambda style: {"weights": "uploads/nothing/1/a.safetensors", "instance_prompt": "sks skirt"},
    "create_model_prediction": lambda style: PAINT,
    "create_deployment_prediction": lambda style: PAINT,
    "create_model_training": training,
    "generate_images": lambda style: {"prompt": "a red skirt", "model": style},
    "search_and_replace": lambda style: {
        "prompt": "a red skirt",
        "search_prompt": "a skirt",
        "version": style,
        "image": PNG,
    },
    "edit_images": lambda style: {"prompt": "a red skirt", "model": style, "image": PNG},
}
"""Of a request about a style; of others it is empty."""


def page(root: Path) -> dict[str, list[str]]:
    """The table of docs/tenancy.md: what each route answers, in the order of OWNERS."""
    text = (root / "docs" / "tenancy.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", text, re.MULTILINE)
    return {name: [cell.strip() for cell in cells.split("|")][-len(OWNERS) :] for name, cells in rows}


@dataclass
class Tenants(Api):
    """The API with two clients of one kind."""

    clients: Mapping[str, tuple[str, str]] = field(default_factory=dict)


@pytest.fixture(params=CLIENTS)
def api(request: pytest.FixtureRequest) -> Tenants:
    """A published style of each, with a training and pictures of it."""
    api = Tenants(clients=CLIENTS[request.param])
    for owner in ("own", "other", "house"):
        style = STYLES[owner]
        put_dataset(api.buckets, style)
        manifest = put_version(api.buckets, 1, style=style)
        api.packages.decisions[manifest.model_package] = ("Approved", "")
        put_promoted(api.buckets, 1, style)
        api.executions.started[f"{style}-run"] = execution(
            f"{style}-run", {"style": style, "dataset": f"s3://data/datasets/{style}/"}
        )
        if owner in api.clients:
            data = {"client": api.clients[owner][1]}
            api.records.add(Record(key=claim_key(style), status=CLAIMED, expires_at=NEVER, data=data))
    return api


def made(api: Tenants, route: Route, owner: str) -> str:
    """The id of a prediction, a training or an upload of theirs, as the route names it."""
    kind = route.path.split("/")[2]
    if kind == "trainings":
        return f"{STYLES[owner]}-run"
    if owner not in api.clients:
        return "0" * 26
    if kind == "marks":
        return mark_of(made(api, PREDICTION, owner))
    api.key = api.clients[owner][0]
    bodies = {"predictions": PAINT, "batches": {**PAINT, "items": [{}]}}
    body = bodies.get(kind, {**PICTURE, "purpose": "upload"})
    answered = api.call("POST", f"/v1/{kind}", body)
    assert answered.status == 201
    if kind == "files":
        api.buckets.put("media", answered.body["uri"], b"123456789")
    return str(answered.body["id"])


def ask(api: Tenants, route: Route, owner: str) -> tuple[Answered, str]:
    """What the client is answered about what is ``owner``'s, and what that is called in the request."""
    style = STYLES[owner]
    identity = made(api, route, owner) if {"id", "mark"} & set(route.names) else ""
    # OpenAI's models stand where Replicate's have their owner.
    owns = style if route.path.endswith("{owner}") else "atelier"
    own = {"id": identity, "mark": identity, "owner": owns, "consent": "release-17"}
    names = {**NAMED, "style": style, "name": style, **own}
    path = re.sub(r"\{(\w+)\}", lambda found: names[found[1]], route.path)
    make = BODIES.get(route.name)
    body = (make(style) if make else {}) if route.takes_body else None
    query = {"versions": "1,1"} if route.name == "compare_versions" else None
    api.key = api.clients["own"][0]
    if route.body is None and route.form:
        return api.post_form(path, body or {}), identity or style
    return api.call(route.method, path, body, query), identity or style


def test_every_route_has_a_row(root: Path) -> None:
    assert list(page(root)) == [route.name for route in ROUTES]


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_what_is_another_s_is_as_what_is_not_there(api: Tenants, route: Route) -> None:
    """Only where a name would be taken it is said."""
    other, name = ask(api, route, "other")
    if other.status == 409:
        assert other.body["detail"].endswith("allowed: a name that is not taken")
        return
    unknown, nothing = ask(api, route, "unknown")
    told, of_nothing = json.dumps(other.body).replace(name, ""), json.dumps(unknown.body).replace(nothing, "")
    assert (other.status, told) == (unknown.status, of_nothing)


def test_a_training_on_another_s_pictures_is_refused_as_one_on_none(api: Tenants) -> None:
    api.key = api.clients["own"][0]
    bodies = [
        {**training("new"), "input": {"dataset": f"datasets/{STYLES[owner]}/", "target": "a skirt"}}
        for owner in ("other", "unknown")
    ]
    other, unknown = (api.call("POST", "/v1/trainings", body) for body in bodies)
    assert (other.status, other.body["errors"]) == (422, unknown.body["errors"])


@pytest.mark.parametrize("owner", OWNERS)
@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_the_page_says_what_is_answered(root: Path, api: Tenants, route: Route, owner: str) -> None:
    said = page(root)[route.name][OWNERS.index(owner)]
    assert str(ask(api, route, owner)[0].status) == said

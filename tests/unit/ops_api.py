"""The API on in-memory gateways: requests in API Gateway's shape, answers parsed."""

import base64
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from atelier_ops.gateways.records import Record
from atelier_ops.logic.api import answer
from atelier_ops.logic.awake import SeenFleets
from atelier_ops.logic.http import Dependencies
from contracts.answers import ProblemDetails
from contracts.clients import KnownClient
from contracts.disclosure import TEXTS, Texts
from contracts.people import ConsentRule
from contracts.release import ReleaseRules
from contracts.routes.table import ROUTES
from contracts.safety.rules import CLOSED, SafetyRules
from contracts.webhooks import Reach
from contracts.work import Pace
from tests.unit.ops_fakes import (
    NOW,
    MemoryBuckets,
    MemoryEndpoints,
    MemoryExecutions,
    MemoryInference,
    MemoryJobs,
    MemoryLogs,
    MemoryPackages,
    MemoryRecords,
    MemoryTokens,
    MemoryTopic,
)

SHARED = "shared-endpoint"
KEEP = 7 * 86_400
CLIENTS = {"key-1": KnownClient(name="first", manages=True), "key-2": KnownClient(name="second")}
"""By their keys."""
OWN = f"uploads/{hashlib.sha256(b'first').hexdigest()[:16]}/"
"""Where the uploads of the client with ``key-1`` lie."""
PACE = Pace(pixels=4_000_000, tile_pixels=400_000, resolution=512, steps=25, tile=128, tile_steps=25)
"""About that of a g5 with Stable Diffusion 1 or 2."""


def _documented(event: dict[str, Any], status: int) -> type[BaseModel] | None:
    """What docs/openapi.json says an answer is."""
    path = f"/{event['path'].strip('/')}"
    routes = [r for r in ROUTES if r.method == event["httpMethod"] and r.matches(path)]
    if status >= 400:
        return routes[0].problem if routes else ProblemDetails
    if event["httpMethod"] == "OPTIONS":
        return None
    (route,) = routes
    assert status == route.status
    is_form = event["headers"].get("Content-Type", "").lower().startswith("multipart/")
    return route.form_answer if is_form and route.form_answer else route.answer


def _check_discretion(body: Any, status: int, event: dict[str, Any]) -> None:
    """Nobody is told of buckets and ARNs that they did not name themselves, whether it went well or not."""
    told = json.dumps(body)
    listed = body.get("results", []) if isinstance(body, dict) else body
    said = json.dumps([each.get("input") for each in (body, *listed) if isinstance(each, dict)])
    for name in re.findall(r"s3://(?:media|data|model)/|arn:[a-z0-9:-]+", told):
        assert name in (event["body"] or said), told


def form_of(fields: Mapping[str, str | bytes]) -> tuple[str, bytes]:
    """Content-Type and body of a form."""
    parts = b""
    for name, value in fields.items():
        file = '; filename="a"' if isinstance(value, bytes) else ""
        head = f'--edge\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'
        parts += head.encode() + (value if isinstance(value, bytes) else value.encode()) + b"\r\n"
    return "multipart/form-data; boundary=edge", parts + b"--edge--\r\n"


@dataclass
class Answered:
    """A response: status, JSON body, headers."""

    status: int
    body: Any
    headers: dict[str, str]


@dataclass
class Api:
    """``call`` sends one request."""

    buckets: MemoryBuckets = field(default_factory=MemoryBuckets)
    records: MemoryRecords = field(default_factory=MemoryRecords)
    inference: MemoryInference = field(default_factory=MemoryInference)
    endpoints: MemoryEndpoints = field(default_factory=MemoryEndpoints)
    executions: MemoryExecutions = field(default_factory=MemoryExecutions)
    batches: MemoryExecutions = field(default_factory=MemoryExecutions)
    tokens: MemoryTokens = field(default_factory=MemoryTokens)
    logs: MemoryLogs = field(default_factory=MemoryLogs)
    jobs: MemoryJobs = field(default_factory=MemoryJobs)
    packages: MemoryPackages = field(default_factory=MemoryPackages)
    due: MemoryTopic = field(default_factory=MemoryTopic)
    reach: Reach = "public"
    commercial: bool = True
    disclosure: Texts = field(default_factory=lambda: TEXTS)
    origins: tuple[str, ...] = ()
    now: float = NOW
    key: str = "key-1"
    rules: ReleaseRules = field(default_factory=ReleaseRules)
    pace: Pace = PACE
    consent: ConsentRule = "optional"
    picture_seconds: int = KEEP
    mask_seconds: int = KEEP
    safety: SafetyRules = CLOSED
    meanwhile: Callable[[], Any] = lambda: None
    """Happens while a request waits."""
    pauses: list[float] = field(default_factory=list)

    @property
    def predictions(self) -> list[Record]:
        """Their records, without what is noted beside them."""
        return [each for key, each in self.records.items.items() if key.startswith("prediction#")]

    def call(
        self, method: str, path: str, body: Any = None, query: Mapping[str, str] | None = None, /, **headers: str
    ) -> Answered:
        text = body if isinstance(body, str) else json.dumps(body)
        names = {key.replace("_", "-"): value for key, value in headers.items()}
        said = {"Content-Type": "application/json", **names}
        return self.event(self.event_of(method, path, None if body is None else text, query, said))

    def post_form(self, path: str, fields: Mapping[str, str | bytes], /, **headers: str) -> Answered:
        """Send a form; bytes are files."""
        kind, body = form_of(fields)
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        event = self.event_of("POST", path, None, None, {"Content-Type": kind, **named})
        return self.event({**event, "body": base64.b64encode(body).decode(), "isBase64Encoded": True})

    def event_of(
        self, method: str, path: str, body: str | None, query: Mapping[str, str] | None, headers: dict[str, str]
    ) -> dict[str, Any]:
        """A request as API Gateway hands it over."""
        return {
            "httpMethod": method,
            "path": path,
            "headers": headers,
            "body": body,
            "isBase64Encoded": False,
            "queryStringParameters": query,
            "requestContext": {
                "domainName": "abc.execute-api.us-east-1.amazonaws.com",
                "path": f"/live{path}",
                "stage": "live",
                "requestId": "request-1",
                **self._asking,
            },
        }

    @property
    def _asking(self) -> dict[str, Any]:
        """Who asks, in API Gateway's words: a key, or ``person:SUB``, whom the authorizer let in with the page's key."""
        _, is_person, sub = self.key.partition("person:")
        if is_person:
            return {"identity": {"apiKeyId": "page-key"}, "authorizer": {"person": sub}}
        return {"identity": {"apiKeyId": self.key}}

    def upload(self, name: str, body: bytes) -> str:
        """Let the client's upload of this name be there; its address."""
        self.buckets.put("media", f"{OWN}1/{name}", body)
        return f"{OWN}1/{name}"

    def event(self, event: dict[str, Any]) -> Answered:
        self.pauses.clear()
        answered = answer(event, self.dependencies())
        assert answered["isBase64Encoded"] is False
        headers = {name: ", ".join(values) for name, values in answered["multiValueHeaders"].items()}
        status, text = answered["statusCode"], answered["body"]
        model = _documented(event, status)
        if model is None:
            assert text == ""
            return Answered(status, None, headers)
        model.model_validate_json(text)
        body = json.loads(text)
        _check_discretion(body, status, event)
        return Answered(status, body, headers)

    def _pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.meanwhile()

    def dependencies(self) -> Dependencies:
        store = self.buckets.store
        return Dependencies(
            records=self.records,
            media=store("media"),
            data=store("data"),
            models=store("model"),
            inference=self.inference,
            endpoints=self.endpoints,
            executions=self.executions,
            batches=self.batches,
            tokens=self.tokens,
            logs=self.logs,
            jobs=self.jobs,
            packages=self.packages,
            shared_endpoint=SHARED,
            served_base="tiny@v1",
            image_uri="image",
            tags={"atelier:stage": "test"},
            name_prefix="atelier-test",
            rules=self.rules,
            safety=self.safety,
            pace=self.pace,
            consent=self.consent,
            clients=CLIENTS,
            due=self.due,
            reach=self.reach,
            disclosure=self.disclosure,
            commercial=self.commercial,
            origins=self.origins,
            rate_policy='"steady";q=10;w=1',
            costly_rate_policy='"steady";q=1;w=5',
            keep_seconds=KEEP,
            picture_seconds=self.picture_seconds,
            mask_seconds=self.mask_seconds,
            startup_seconds=600,
            now=self.now,
            clock=lambda: self.now + sum(self.pauses),
            pause=self._pause,
            fleets=SeenFleets(),
        )

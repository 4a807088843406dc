"""Requests and responses of the HTTP API, on Powertools' own; errors are RFC 9457 problems."""

import base64
import hashlib
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEvent

from atelier_ops.gateways.endpoints import Endpoints
from atelier_ops.gateways.logs import Logs
from atelier_ops.gateways.registry import Jobs, Packages
from atelier_ops.gateways.storage import ObjectStore
from atelier_ops.gateways.workflow import Executions
from atelier_ops.logic.awake import SeenFleets
from atelier_ops.logic.discretion import discreet
from atelier_ops.logic.submission import Ending
from contracts.clients import PERSON_CLIENT, Clients, KnownClient
from contracts.disclosure import Texts
from contracts.json_text import load
from contracts.multipart import FormPart, read_parts
from contracts.people import ConsentRule
from contracts.release import ReleaseRules
from contracts.safety.rules import CLOSED, SafetyRules
from contracts.webhooks import Reach
from contracts.work import Pace

JSON = "application/json"
FORM = "multipart/form-data"
LARGEST_BODY = 5 * 2**20
"""Bytes: a Lambda takes 6 MB and API Gateway adds its own; larger pictures go through POST /v1/files."""

ID_LENGTH = 26
"""Hexadecimal digits of an identifier: 104 bits."""

LONGEST_KEY = 255
_REPEATABLE = "idempotency-key"
_FOLDER_LENGTH = 16


@dataclass(frozen=True, kw_only=True)
class Dependencies(Ending):
    """What the API needs, and the time of the request in seconds since 1970.

    ``served_base`` is the ``name@revision`` that the shared endpoint serves with the image at ``image_uri``; ``tags``,
    ``rules``, ``safety``, ``pace`` and ``clients`` are the stage's.
    ``startup_seconds`` bounds what a new instance's download of the model and its loading take, each.
    ``disclosure`` is what people are told who see pictures, which are used commercially where the stage is ``commercial``.
    ``consent`` says whether what shows a person is taken without a reference. ``executions`` are those of trainings, ``batches`` of
    batches. ``reach`` is where webhooks may go. ``keep_seconds`` is how long a prediction is kept, ``picture_seconds``
    how long its pictures are, and ``mask_seconds`` how long the masks that were found for it.
    Pages of ``origins`` may read answers. ``rate_policy`` is what ``RateLimit-Policy`` says of a key, ``costly_rate_policy`` of routes that
    cost more. ``clock`` tells the time of each moment, ``pause`` waits for so many seconds, and
    ``fleets`` knows what earlier requests have seen of the endpoints.
    """

    data: ObjectStore
    models: ObjectStore
    endpoints: Endpoints
    executions: Executions
    batches: Executions
    logs: Logs
    jobs: Jobs
    packages: Packages
    shared_endpoint: str
    served_base: str
    image_uri: str
    name_prefix: str
    tags: Mapping[str, str]
    rules: ReleaseRules
    pace: Pace
    consent: ConsentRule
    clients: Clients
    reach: Reach
    disclosure: Texts
    commercial: bool
    origins: tuple[str, ...]
    rate_policy: str
    costly_rate_policy: str
    keep_seconds: int
    picture_seconds: int
    mask_seconds: int
    startup_seconds: int
    now: float
    clock: Callable[[], float]
    pause: Callable[[float], None]
    fleets: SeenFleets
    safety: SafetyRules = CLOSED


class ProblemError(Exception):
    """A request that ends in an error response."""

    def __init__(self, status: int, detail: str, *, headers: Mapping[str, str] | None = None, **extra: Any) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers, self.extra = status, detail, headers, extra


class Request(APIGatewayProxyEvent):
    """One request, as API Gateway's REST proxy integration carries it, of one of ``clients`` or somebody who is none of them."""

    def __init__(self, event: Mapping[str, Any], clients: Clients) -> None:
        super().__init__(dict(event))
        self._clients = clients

    def with_headers(self, headers: Mapping[str, str]) -> "Request":
        """The same request with these headers in place of its own of those names."""
        named = {name.lower() for name in headers}
        kept = {name: value for name, value in self.headers.items() if name.lower() not in named}
        event = {**self.raw_event, "headers": {**kept, **headers}, "multiValueHeaders": None}
        return Request(event, self._clients)

    def read_json(self) -> Any:
        """The body's JSON value. Raises ProblemError 400, 413 or 415."""
        if self.kind != JSON:
            raise ProblemError(415, f"Content-Type: got {self.kind or 'none'}; allowed: application/json")
        try:
            body = (self.decoded_body or "").encode()
            if len(body) > LARGEST_BODY:
                allowed = f"{LARGEST_BODY} bytes; put larger pictures through POST /v1/files"
                raise ProblemError(413, f"body: got {len(body)} bytes; allowed: {allowed}")
            return load(body)
        except ValueError as error:
            raise ProblemError(400, f"body: cannot be read as JSON: {error}") from error

    def read_optional_json(self) -> Any:
        """The same, of a request that may have nothing to say: without a body an empty object."""
        return self.read_json() if self.body else {}

    def read_form(self) -> list[FormPart]:
        """The fields of a form with files. Raises ProblemError 400 or 415."""
        if self.kind != FORM:
            raise ProblemError(415, f"Content-Type: got {self.kind or 'none'}; allowed: {FORM}")
        try:
            body = self.body or ""
            # API Gateway hands over what is binary in base64.
            raw = base64.b64decode(body, validate=True) if self.is_base64_encoded else body.encode()
            return read_parts(self.headers["content-type"], raw)
        except ValueError as error:
            raise ProblemError(400, f"body: cannot be read as {FORM}: {error}") from error

    @property
    def kind(self) -> str:
        """The body's media type in lower case, without parameters; empty where none is said."""
        return str(self.headers.get("content-type", "")).split(";")[0].strip().lower()

    def urls(self, path: str) -> dict[str, str]:
        """The absolute addresses that get and cancel what lies at ``/v1/…``.

        API Gateway names its domain; behind a proxy the usual headers say how it is reached.
        """
        headers, context = self.headers, self._context
        scheme = headers.get("x-forwarded-proto", "https").split(",")[0].strip()
        host = context.get("domainName") or headers.get("x-forwarded-host") or headers.get("host", "localhost")
        stage = context.get("path", self.path).rstrip("/").removesuffix(self.path)
        prefix = headers.get("x-forwarded-prefix", "").rstrip("/")
        address = f"{scheme}://{host}{prefix}{stage}{path}"
        return {"get": address, "cancel": f"{address}/cancel"}

    def new_id(self, kind: str) -> str:
        """An id for a new ``kind`` of thing: random, or the same for the same Idempotency-Key of one client.

        So a repeated request finds the first one's result. Raises ProblemError 400.
        """
        key = self.idempotency_key()
        return repeatable_id(kind, self.client, key) if key else secrets.token_hex(ID_LENGTH // 2)

    def idempotency_key(self) -> str:
        """The Idempotency-Key, empty where there is none. Raises ProblemError 400 for one that is no key."""
        key = self.headers.get(_REPEATABLE)
        if key is not None and not 0 < len(key) <= LONGEST_KEY:
            raise ProblemError(400, f"Idempotency-Key: got {len(key)} characters; allowed: 1 to {LONGEST_KEY}")
        return key or ""

    @property
    def batch_item(self) -> str:
        """The key of the batch's item that is painted; empty unless a batch asks, which comes by no address of API Gateway."""
        return str(self._context.get("batchItem") or "")

    @property
    def client(self) -> str:
        """Who asks: the client whose key it is, by its name. A key that the stage does not know is a client called by the key's id.

        Where there is no key, the signer's ARN; empty where API Gateway names neither.
        """
        return self._known.name if self._known else self._identity

    @property
    def manages(self) -> bool:
        """Whether it may change what is the house's."""
        return self._known is not None and self._known.manages

    @property
    def names(self) -> tuple[str, ...]:
        """What records call the client: its name, and before clients had names the id of its key."""
        return tuple(dict.fromkeys((self.client, self._identity)))

    @property
    def folder(self) -> str:
        """What names the client's own folder: as good as its name, and fit for a key of S3 whatever the name is."""
        return self.folders[0]

    @property
    def folders(self) -> tuple[str, ...]:
        """Every folder that is the client's own, the one where its next upload goes in front."""
        return tuple(hashlib.sha256(name.encode()).hexdigest()[:_FOLDER_LENGTH] for name in self.names)

    def problem(self, error: ProblemError, further: Mapping[str, Any] | None = None) -> Response[str]:
        """An ``application/problem+json`` response, which names nothing of the account's own that the client did not name.

        ``further`` are members that some clients read.
        """
        request_id = self._context.get("requestId")
        body = {
            "type": "about:blank",
            "title": HTTPStatus(error.status).phrase,
            "status": error.status,
            "detail": self.told(error.detail),
            "instance": f"{self.path}#{request_id}" if request_id else self.path,
            **discreet(error.extra, self._sent),
            **(further or {}),
        }
        return respond(error.status, body, error.headers, "application/problem+json")

    def told(self, detail: str) -> str:
        """What may be said of an error: nothing of the account's own that the client did not name."""
        return str(discreet(detail, self._sent))

    @property
    def _known(self) -> KnownClient | None:
        return self._clients.get(self._identity)

    @property
    def _identity(self) -> str:
        # Only the authorizer says who signed in. A client's name has no colon in it, nor has a key's id.
        if person := (self._context.get("authorizer") or {}).get("person"):
            return f"{PERSON_CLIENT}{person}"
        identity = self._context.get("identity") or {}
        return str(identity.get("apiKeyId") or identity.get("userArn") or "")

    @property
    def _sent(self) -> str:
        try:
            return f"{self.path} {self.decoded_body or ''}"
        except ValueError:  # no base64: the body said nothing that could be read
            return self.path

    @property
    def _context(self) -> Mapping[str, Any]:
        return self.get("requestContext") or {}


def repeatable_id(kind: str, client: str, key: str) -> str:
    """The id of what a client asked for with this Idempotency-Key."""
    return hashlib.sha256("\n".join((kind, client, key)).encode()).hexdigest()[:ID_LENGTH]


def of_client(name: str, clients: Clients) -> Request:
    """A request as of the client of this name: the API calls a key that it does not know by its id, whatever key the client has by now."""
    return Request({"requestContext": {"identity": {"apiKeyId": name}}}, clients)


def respond(
    status: int, body: Mapping[str, Any] | Sequence[Any], headers: Mapping[str, str] | None = None, kind: str = JSON
) -> Response[str]:
    """A response with a JSON body that nobody caches."""
    return Response(status, kind, json.dumps(body), {"Cache-Control": "no-store", **(headers or {})})


def nothing() -> Response[str]:
    """204: it is done, and there is nothing to say."""
    return Response(204, body="", headers={"Cache-Control": "no-store"})

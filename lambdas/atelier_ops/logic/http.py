"""Requests and responses of the HTTP API, as API Gateway's proxy integration carries them; errors are RFC 9457 problems."""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools import event_handler

from contracts.errors import InvalidInputError

JSON = "application/json"
LARGEST_BODY = 5 * 2**20
"""Bytes: a Lambda takes 6 MB and API Gateway adds its own; larger pictures go through POST /v1/files."""


class ProblemError(Exception):
    """A request that ends in an error response."""

    def __init__(self, status: int, detail: str, *, headers: Mapping[str, str] | None = None, **extra: Any) -> None:
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})
        self.extra = extra
        super().__init__(detail)


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request. ``path`` starts at ``/v1``, header names are lower-case, ``base_url`` is what ``/v1`` hangs below."""

    method: str
    path: str
    base_url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    request_id: str = ""
    client: str = ""

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> "Request":
        """Read API Gateway's REST proxy event."""
        headers = {str(name).lower(): str(value) for name, value in (event.get("headers") or {}).items()}
        context = event.get("requestContext") or {}
        path = "/" + str(event["path"]).strip("/")
        return cls(
            method=event["httpMethod"].upper(),
            path=path,
            base_url=_base_url(headers, context, path),
            headers=headers,
            body=_body(event),
            request_id=context.get("requestId", ""),
            client=(context.get("identity") or {}).get("apiKeyId") or "",
        )

    def json(self) -> Any:
        """The body's JSON value. Raises ProblemError 400, 413 or 415."""
        kind = self.headers.get("content-type", "").split(";")[0].strip().lower()
        if kind != JSON:
            raise ProblemError(415, f"Content-Type: got {kind or 'none'}; allowed: application/json")
        if len(self.body) > LARGEST_BODY:
            allowed = f"{LARGEST_BODY} bytes; put larger pictures through POST /v1/files"
            raise ProblemError(413, f"body: got {len(self.body)} bytes; allowed: {allowed}")
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise ProblemError(400, f"body: not JSON: {error}") from error

    def url(self, path: str) -> str:
        """The absolute address of ``/v1/…``."""
        return self.base_url + path


class Response(event_handler.Response[str]):
    """One response with a JSON body."""

    def __init__(
        self, *, status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None, kind: str = JSON
    ) -> None:
        super().__init__(status, kind, json.dumps(body), {"Cache-Control": "no-store", **(headers or {})})


def problem(error: ProblemError, request: Request) -> Response:
    """An ``application/problem+json`` response."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(error.status).phrase,
        "status": error.status,
        "detail": error.detail,
        "instance": f"{request.path}#{request.request_id}" if request.request_id else request.path,
        **error.extra,
    }
    return Response(status=error.status, body=body, headers=error.headers, kind="application/problem+json")


def invalid(error: InvalidInputError) -> ProblemError:
    """Well-formed JSON that says something impossible: 422, with every problem in ``errors``; ``what`` and ``allowed`` are the first's."""
    return ProblemError(422, str(error), what=error.what, allowed=error.allowed, errors=error.to_json())


def _body(event: Mapping[str, Any]) -> bytes:
    text = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return str(text).encode()
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _base_url(headers: Mapping[str, str], context: Mapping[str, Any], path: str) -> str:
    """What clients put before ``/v1``: API Gateway names its domain; behind a proxy the usual headers say how it is reached."""
    scheme = headers.get("x-forwarded-proto", "https").split(",")[0].strip()
    host = context.get("domainName") or headers.get("x-forwarded-host") or headers.get("host", "localhost")
    stage = str(context.get("path", path)).rstrip("/").removesuffix(path)
    prefix = headers.get("x-forwarded-prefix", "").rstrip("/")
    return f"{scheme}://{host}{prefix}{stage}"

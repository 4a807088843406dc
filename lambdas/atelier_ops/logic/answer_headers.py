"""Headers that every answer has: what the key's plan lets through, and which pages of other sites may read it."""

from collections.abc import Mapping
from typing import Any

from atelier_ops.logic.disclosing import disclosed
from atelier_ops.logic.http import Dependencies, Request
from contracts.disclosure import HEADER, header_value
from contracts.routes.table import ROUTES

ANY_ORIGIN = "*"
PREFLIGHT_SECONDS = 7_200
"""How long a browser may keep what a preflight said; Chromium keeps it no longer."""

_SENT = ("Authorization", "Content-Type", "Idempotency-Key", "Prefer", "X-Api-Key")
_READ = (HEADER, "Location", "RateLimit-Policy", "Retry-After", "finish-reason", "seed")
"""Headers that a page may read besides those that it always may."""


def preflight(request: Request, dependencies: Dependencies) -> dict[str, Any]:
    """The answer to a browser that asks what a page may send, without a key. A page of no origin of the stage's is told nothing."""
    methods = sorted({route.method for route in ROUTES if route.matches(request.path)})
    allowed = {
        "Access-Control-Allow-Methods": ", ".join(methods),
        "Access-Control-Allow-Headers": ", ".join(_SENT),
        "Access-Control-Max-Age": str(PREFLIGHT_SECONDS),
    }
    headers = _shared(request, dependencies)
    if headers.keys() >= {"Access-Control-Allow-Origin"}:
        headers |= allowed
    return {"statusCode": 204, "multiValueHeaders": _lists(headers), "body": "", "isBase64Encoded": False}


def with_headers(response: dict[str, Any], request: Request, dependencies: Dependencies) -> dict[str, Any]:
    """The proxy response with these headers besides its own."""
    asked = [route for route in ROUTES if route.method == request.http_method and route.matches(request.path)]
    costly = bool(asked) and asked[0].costly
    policy = dependencies.costly_rate_policy if costly else dependencies.rate_policy
    headers = {"RateLimit-Policy": policy, **_shared(request, dependencies)}
    if asked and asked[0].disclosed and response["statusCode"] == asked[0].status:
        headers[HEADER] = header_value(*disclosed(request, dependencies))
    if "Access-Control-Allow-Origin" in headers:
        headers["Access-Control-Expose-Headers"] = ", ".join(_READ)
    own = response.get("multiValueHeaders") or {}
    return {**response, "multiValueHeaders": {**own, **_lists(headers)}}


def _lists(headers: Mapping[str, str]) -> dict[str, list[str]]:
    return {name: [value] for name, value in headers.items()}


def _shared(request: Request, dependencies: Dependencies) -> dict[str, str]:
    """Whose pages may read the answer. Where the stage names no origins, nothing is said and none may."""
    if not dependencies.origins:
        return {}
    headers: Mapping[str, str] = request.headers
    origin = headers.get("origin", "")
    if ANY_ORIGIN in dependencies.origins:
        return {"Access-Control-Allow-Origin": ANY_ORIGIN}
    # Whatever keeps answers must keep one for each origin.
    named = {"Access-Control-Allow-Origin": origin} if origin in dependencies.origins else {}
    return {"Vary": "Origin", **named}

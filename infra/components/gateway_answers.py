"""What API Gateway answers by itself, as problems (RFC 9457): a request it does not let through, and one the handler gives no answer to."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import NamedTuple

from aws_cdk import aws_apigateway as apigateway

from infra.components.rate_policy import rate_policy
from infra.settings.api import Api

_AGAIN = (
    "The service did not answer. Send the request again after Retry-After seconds, a POST with the same Idempotency-Key"
)
_PLACES = "Authorization: Bearer KEY, Authorization: Token KEY or x-api-key: KEY"
_NO_KEY = f"API key: got none; allowed: a key of the stage, as {_PLACES}"


class _Refusal(NamedTuple):
    """One answer: API Gateway's type, its status, what is wrong, and after how many seconds the request may be sent again."""

    kind: apigateway.ResponseType
    status: int
    detail: str
    again: int | None = None


_REFUSALS: Mapping[str, _Refusal] = {
    "BadBody": _Refusal(
        apigateway.ResponseType.BAD_REQUEST_BODY,
        400,
        "body: allowed: one JSON object, of Content-Type application/json",
    ),
    "Unauthorized": _Refusal(apigateway.ResponseType.INVALID_API_KEY, 401, "x-api-key: missing, or an unknown key"),
    "NoRoute": _Refusal(
        apigateway.ResponseType.MISSING_AUTHENTICATION_TOKEN,
        404,
        "There is nothing here: paths begin with /v1/ or /v2beta/",
    ),
    "TooLarge": _Refusal(
        apigateway.ResponseType.REQUEST_TOO_LARGE,
        413,
        "body: larger than 5 MB; larger pictures go through POST /v1/files",
    ),
    "Throttled": _Refusal(
        apigateway.ResponseType.THROTTLED, 429, "More requests a second than the key's plan allows", 1
    ),
    "QuotaExceeded": _Refusal(apigateway.ResponseType.QUOTA_EXCEEDED, 429, "The key's daily quota is used up", 3600),
    "ServerError": _Refusal(apigateway.ResponseType.DEFAULT_5_XX, 503, _AGAIN, 5),
    "NoAnswer": _Refusal(apigateway.ResponseType.INTEGRATION_FAILURE, 503, _AGAIN, 5),
    "LateAnswer": _Refusal(apigateway.ResponseType.INTEGRATION_TIMEOUT, 503, _AGAIN, 5),
}
"""What API Gateway answers before the handler is asked, or where it gives no answer: too many at a time, too late, killed.

That the status of DEFAULT_5XX becomes that of the others is written, and not so everywhere: the two that would be 504 have their own
(ADR 0030).
"""

_OF_AUTHORIZER: Mapping[str, _Refusal] = {
    # It refuses what shows no key by a policy, which is 403 where nothing else is said; the scheme is what RFC 9110 asks of a 401.
    "Unauthorized": _Refusal(
        apigateway.ResponseType.INVALID_API_KEY,
        401,
        f"API key: got one that no client of the stage has; allowed: a key of the stage, as {_PLACES}",
    ),
    "NoKey": _Refusal(apigateway.ResponseType.ACCESS_DENIED, 401, _NO_KEY),
    "NotAuthorized": _Refusal(apigateway.ResponseType.UNAUTHORIZED, 401, _NO_KEY),
    "AuthorizerFailed": _Refusal(apigateway.ResponseType.AUTHORIZER_FAILURE, 503, _AGAIN, 5),
    "AuthorizerUnreached": _Refusal(apigateway.ResponseType.AUTHORIZER_CONFIGURATION_ERROR, 503, _AGAIN, 5),
}
"""What is otherwise, or besides, where an authorizer is asked."""


def add_refusals(api: apigateway.RestApi, limits: Api, *, authorized: bool) -> None:
    """Give ``api`` these answers; ``authorized`` where an authorizer looks for the key."""
    # They say nothing of anybody's, so every page may read them where any may.
    pages = {"Access-Control-Allow-Origin": "'*'", "Access-Control-Expose-Headers": "'RateLimit-Policy, Retry-After'"}
    shared = pages if limits.origins else {}
    for construct_id, refusal in {**_REFUSALS, **(_OF_AUTHORIZER if authorized else {})}.items():
        again = {"Retry-After": f"'{refusal.again}'"} if refusal.again else {}
        scheme = {"WWW-Authenticate": "'Bearer'"} if authorized and refusal.status == HTTPStatus.UNAUTHORIZED else {}
        refused = refusal.status == HTTPStatus.TOO_MANY_REQUESTS
        policy = {"RateLimit-Policy": f"'{rate_policy(limits)}'"} if refused else {}
        api.add_gateway_response(
            construct_id,
            type=refusal.kind,
            status_code=str(refusal.status),
            response_headers={"Content-Type": "'application/problem+json'", **again, **scheme, **policy, **shared},
            templates={"application/json": _problem(refusal)},
        )


def _problem(refusal: _Refusal) -> str:
    """As ``atelier_ops.logic.api`` has it written; API Gateway fills in the request's id."""
    # API Gateway does not look at who asks: OpenAI's clients read nothing but this member.
    kind = "server_error" if refusal.status >= HTTPStatus.INTERNAL_SERVER_ERROR else "invalid_request_error"
    error = {"message": refusal.detail, "type": kind, "param": None, "code": None}
    return json.dumps(
        {
            "type": "about:blank",
            "title": HTTPStatus(refusal.status).phrase,
            "status": refusal.status,
            "detail": refusal.detail,
            "instance": "#$context.requestId",
            "error": error,
        }
    )

"""Where a request carries its API key: in a header of its own, or in ``Authorization``, as the clients of others' APIs send it."""

import re
from collections.abc import Mapping
from typing import Any

_OWN = "x-api-key"
_SCHEMES = ("bearer", "token")
"""OpenAI's client and today's Replicate's say ``Bearer``, Replicate's earlier ones ``Token``."""

_KEY = re.compile(r"[!-~]{1,128}")
"""Printable ASCII without a space. API Gateway's keys have at most 128 characters, and are compared there, not here."""


def find_key(headers: Mapping[str, str]) -> str | None:
    """The key that a request with these headers shows, or None. ``x-api-key`` counts where both are there."""
    sent = {name.lower(): value.strip() for name, value in headers.items()}
    key = sent.get(_OWN) or _in_authorization(sent.get("authorization", ""))
    return key if _KEY.fullmatch(key) else None


def _in_authorization(value: str) -> str:
    scheme, _, key = value.partition(" ")
    return key.strip() if scheme.lower() in _SCHEMES else ""


def authorize(event: Mapping[str, Any]) -> dict[str, Any]:
    """A REQUEST authorizer's answer: the key, which API Gateway looks for in its plans, or that there is none.

    ``event`` is as https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-input.html says.
    """
    key = find_key(event.get("headers") or {})
    # ``arn:…:API/STAGE/METHOD/path``: the path is the client's text, in which a policy would see wildcards and variables.
    api, stage, *_ = str(event["methodArn"]).split("/")
    statement = {
        "Action": "execute-api:Invoke",
        "Effect": "Allow" if key else "Deny",
        "Resource": f"{api}/{stage}/*",
    }
    shown = {"usageIdentifierKey": key} if key else {}
    return {
        # Whose key it is, API Gateway tells the API's own handler (``identity.apiKeyId``); a key must be in nobody's log.
        "principalId": "client",
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        **shown,
    }

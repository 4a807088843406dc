"""Where a request carries its API key: in a header of its own, or in ``Authorization``, as the clients of others' APIs send it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

_OWN = "x-api-key"
_SCHEMES = ("bearer", "token")
"""OpenAI's client and today's Replicate's say ``Bearer``, Replicate's earlier ones ``Token``."""

PERSON = "person"
"""What the authorizer's answer, and the request's context, call the person who signed in."""

_KEY = re.compile(r"[!-~]{1,128}")
"""Printable ASCII without a space. API Gateway's keys have at most 128 characters, and are compared there, not here."""


def find_key(headers: Mapping[str, str]) -> str | None:
    """The key that a request with these headers shows, or None. ``x-api-key`` counts where both are there."""
    sent = {name.lower(): value.strip() for name, value in headers.items()}
    key = sent.get(_OWN) or _in_authorization(sent.get("authorization", ""))
    return key if _KEY.fullmatch(key) else None


def find_token(headers: Mapping[str, str]) -> str:
    """What a request shows as ``Authorization: Bearer …`` that no key of API Gateway can be; empty where there is nothing."""
    sent = {name.lower(): value.strip() for name, value in headers.items()}
    scheme, _, token = sent.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and not sent.get(_OWN) else ""


def _in_authorization(value: str) -> str:
    scheme, _, key = value.partition(" ")
    return key.strip() if scheme.lower() in _SCHEMES else ""


@dataclass(frozen=True, kw_only=True)
class SignedIn:
    """Whoever signed in on the stage's page: ``person`` says who comes with a token, ``key`` is the page's own API key."""

    person: Callable[[str], str | None]
    key: Callable[[], str]


def authorize(event: Mapping[str, Any], people: SignedIn | None = None) -> dict[str, Any]:
    """A REQUEST authorizer's answer: the key, which API Gateway looks for in its plans, or that there is none.

    With ``people`` a request without a key may show a token: then the key is the page's, and ``context`` says which person came.

    ``event`` is as https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-input.html says.
    """
    headers = event.get("headers") or {}
    key, person = find_key(headers), None
    if people and not key and (token := find_token(headers)) and (person := people.person(token)):
        key = people.key()
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
        **({"context": {PERSON: person}} if person else {}),
    }

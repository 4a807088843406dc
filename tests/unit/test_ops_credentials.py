"""The authorizer finds a key wherever clients put it, and says nothing of whose it is."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from atelier_ops.handlers.authorize import handler
from atelier_ops.logic.credentials import find_key

ARN = "arn:aws:execute-api:us-east-1:123456789012:api1/live/GET/v1/styles/${aws:userid}/*"
API = "arn:aws:execute-api:us-east-1:123456789012:api1/live/*"


def ask(**headers: str) -> dict[str, Any]:
    """What the authorizer answers to a request with these headers, underlines for hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return handler({"type": "REQUEST", "methodArn": ARN, "headers": named}, None)


@pytest.mark.parametrize(
    "headers",
    [
        {"x-api-key": "secret"},
        {"X-Api-Key": " secret "},
        {"authorization": "Bearer secret"},
        {"Authorization": "bearer   secret"},
        {"AUTHORIZATION": "Token secret"},
        {"x-api-key": "secret", "authorization": "Bearer another"},
        {"x-api-key": "", "authorization": "Bearer secret"},
    ],
)
def test_a_key_is_found_in_either_header(headers: dict[str, str]) -> None:
    assert find_key(headers) == "secret"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "secret"},
        {"authorization": "Basic c2VjcmV0Og=="},
        {"authorization": "AWS4-HMAC-SHA256 Credential=AKIA/20260101/us-east-1/execute-api/aws4_request"},
        {"authorization": "Bearer"},
        {"authorization": "Bearer "},
        {"authorization": "Bearer two words"},
        {"authorization": "Bearer " + "k" * 129},
        {"x-api-key": "schl\u00fcssel"},
        {"x-api-key": "a\nb"},
    ],
)
def test_what_is_no_key_is_none(headers: dict[str, str]) -> None:
    assert find_key(headers) is None


def test_the_key_goes_to_api_gateway_for_every_path_of_the_stage_and_none_of_the_clients_words() -> None:
    answer = ask(authorization="Bearer secret")
    assert answer["usageIdentifierKey"] == "secret"
    assert "secret" not in str({name: value for name, value in answer.items() if name != "usageIdentifierKey"})
    (statement,) = answer["policyDocument"]["Statement"]
    assert statement == {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": API}


def test_a_request_without_a_key_is_refused_and_is_no_error_of_the_function() -> None:
    answer = ask(authorization="Basic c2VjcmV0Og==")
    (statement,) = answer["policyDocument"]["Statement"]
    assert (statement["Effect"], "usageIdentifierKey" in answer) == ("Deny", False)
    assert handler({"type": "REQUEST", "methodArn": ARN, "headers": None}, None) == answer


def test_it_starts_without_the_sdk(root: Path) -> None:
    """Every request of a client waits for it."""
    slow = "{'boto3', 'botocore', 'aws_lambda_powertools', 'pydantic'}"
    code = f"import sys, atelier_ops.handlers.authorize as _; print(sorted({slow} & set(sys.modules)))"
    environment = {"PYTHONPATH": f"{root / 'lambdas'}:{root}"}
    run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"

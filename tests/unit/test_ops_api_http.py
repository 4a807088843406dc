"""The API's edges: routes, methods, bodies, errors as RFC 9457 problems, absolute addresses."""

import base64
import json
from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
)
from botocore.retries import standard

from atelier_ops.gateways.aws import PASSING
from atelier_ops.logic.http import LARGEST_BODY, Request
from tests.unit.ops_api import CLIENTS, Answered, Api
from tests.unit.ops_fakes import MemoryRecords
from tests.unit.ops_logs import lines


@pytest.fixture
def api() -> Api:
    return Api()


def is_problem(answered: Answered, status: int) -> str:
    assert answered.status == status
    assert answered.headers["Content-Type"] == "application/problem+json"
    assert answered.body["status"] == status
    assert {"type", "title", "status", "detail", "instance"} <= set(answered.body)
    return str(answered.body["detail"])


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/pictures", "/v1/predictions/né", "/v1/predictions/a/b"])
def test_an_unknown_path_is_404(api: Api, path: str) -> None:
    says = is_problem(api.call("GET", path), 404)
    assert path.rstrip("/") in says
    listed = says.partition("allowed: ")[2].split(", ")
    assert "/v1/predictions" in listed
    assert len(listed) == len(set(listed))


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/v1/predictions", "GET, POST"),
        ("POST", f"/v1/predictions/{'a' * 26}", "DELETE, GET"),
        ("DELETE", "/v1/trainings", "GET, POST"),
        ("PUT", "/v1/files", "GET, POST"),
    ],
)
def test_a_method_a_path_does_not_know_is_405_with_the_allowed_ones(
    api: Api, method: str, path: str, allowed: str
) -> None:
    answered = api.call(method, path)
    is_problem(answered, 405)
    assert answered.headers["Allow"] == allowed


DEEP = '{"input": ' * 900 + "1" + "}" * 900
POSTS = ["/v1/predictions", "/v1/trainings", "/v1/files"]


@pytest.mark.parametrize("path", POSTS)
def test_a_body_must_say_that_it_is_json(api: Api, path: str) -> None:
    assert "text/plain" in is_problem(api.call("POST", path, {}, Content_Type="text/plain"), 415)


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize(
    "body", ["", "{", "\ud83d", '{"input": ', "[" * 100_000, DEEP, '{"input": ' * 100_000, "1" * 5_000]
)
def test_a_body_that_is_not_json_is_400(api: Api, path: str, body: str) -> None:
    is_problem(api.call("POST", path, body.encode("utf-8", "replace").decode()), 400)


@pytest.mark.parametrize("path", POSTS)
def test_a_key_that_stands_there_twice_is_400_because_one_of_its_values_would_be_dropped(api: Api, path: str) -> None:
    answered = api.call("POST", path, '{"input": {"prompt": "a", "prompt": "b"}}')
    assert "the key 'prompt' stands there twice" in is_problem(answered, 400)


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("body", [[], 7, {}, {"what": 1}, {"\ud800": 1}, {"input": {"\ud800": 1}}])
def test_json_of_another_shape_is_422_with_what_and_allowed(api: Api, path: str, body: Any) -> None:
    answered = api.call("POST", path, body)
    is_problem(answered, 422)
    assert answered.body["what"]
    assert answered.body["allowed"]


def test_a_large_body_is_413_and_points_to_files(api: Api) -> None:
    assert "/v1/files" in is_problem(api.call("POST", "/v1/predictions", "x" * (LARGEST_BODY + 1)), 413)


def test_a_base64_body_is_decoded(api: Api) -> None:
    body = base64.b64encode(
        json.dumps({"name": "a.png", "content_type": "image/png", "purpose": "upload", "size": 1}).encode()
    )
    event = api.event_of("POST", "/v1/files", body.decode(), None, {"content-type": "application/json"})
    assert api.event({**event, "isBase64Encoded": True}).status == 201


def refusal(code: str, status: int) -> ClientError:
    return ClientError(
        {"Error": {"Code": code, "Message": "secret"}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item]
        "Any",
    )


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (refusal("ThrottlingException", 400), 503),
        (refusal("SlowDown", 503), 503),
        (refusal("Throttled", 429), 503),
        (refusal("KMSThrottlingException", 400), 503),
        (refusal("InternalServerError", 500), 503),
        (refusal("ExecutionLimitExceeded", 400), 503),
        (refusal("OperationAborted", 409), 503),
        (refusal("ExpiredTokenException", 403), 503),
        (EndpointConnectionError(endpoint_url="secret"), 503),
        (ReadTimeoutError(endpoint_url="secret"), 503),
        (refusal("AccessDenied", 403), 500),  # S3, and its key
        (refusal("AccessDeniedException", 400), 500),  # DynamoDB, Step Functions, KMS
        (refusal("AuthorizationError", 403), 500),  # SNS
        (refusal("KMSDisabled", 400), 500),
        (refusal("NoSuchBucket", 404), 500),
        (refusal("ResourceNotFoundException", 400), 500),
        (refusal("StateMachineDoesNotExist", 400), 500),
        (refusal("ValidationException", 400), 500),
        (refusal("UnrecognizedClientException", 403), 500),
        (ParamValidationError(report="secret"), 500),
        (NoCredentialsError(), 500),
    ],
)
def test_only_a_service_that_may_answer_later_is_503_with_retry_after(error: Exception, expected: int) -> None:
    class Refusing(MemoryRecords):
        def get(self, key: str) -> None:
            raise error

    with lines() as logged:
        answered = Api(records=Refusing()).call("GET", f"/v1/predictions/{'a' * 26}")
    assert "secret" not in is_problem(answered, expected)
    assert ("Retry-After" in answered.headers) == (expected == 503)
    assert logged[0]["level"] == "ERROR"


def test_whatever_botocore_calls_throttling_may_pass() -> None:
    throttled, transient = standard.ThrottledRetryableChecker, standard.TransientRetryableChecker
    named = {*vars(throttled)["_THROTTLED_ERROR_CODES"], *vars(transient)["_TRANSIENT_ERROR_CODES"]}
    assert named <= PASSING


def test_an_error_of_ours_is_500_without_its_words() -> None:
    class Broken(MemoryRecords):
        def get(self, key: str) -> None:
            raise RuntimeError("a secret")

    with lines() as logged:
        answered = Api(records=Broken()).call("GET", f"/v1/predictions/{'a' * 26}")
    assert "secret" not in json.dumps(answered.body)
    is_problem(answered, 500)
    assert "a secret" in logged[0]["exception"]


@pytest.mark.parametrize(
    ("headers", "context", "expected"),
    [
        ({}, {"domainName": "abc.aws.test", "path": "/live/v1/files"}, "https://abc.aws.test/live"),
        ({}, {"domainName": "api.brand.test", "path": "/v1/files"}, "https://api.brand.test"),
        (
            {"Host": "127.0.0.1:4566", "X-Forwarded-Proto": "http"},
            {"path": "/live/v1/files"},
            "http://127.0.0.1:4566/live",
        ),
        (
            {"Host": "h:1", "X-Forwarded-Proto": "http", "X-Forwarded-Prefix": "/_aws/execute-api/abc"},
            {"path": "/live/v1/files"},
            "http://h:1/_aws/execute-api/abc/live",
        ),
    ],
)
def test_addresses_are_absolute_as_the_client_reached_us(
    headers: dict[str, str], context: dict[str, str], expected: str
) -> None:
    event = {"httpMethod": "POST", "path": "/v1/files", "headers": headers, "requestContext": context}
    item = f"{expected}/v1/trainings/1"
    assert Request(event, CLIENTS).urls("/v1/trainings/1") == {"get": item, "cancel": f"{item}/cancel"}


@pytest.mark.parametrize("identity", [{"apiKeyId": ""}, {"apiKeyId": None, "apiKey": "secret"}, {}, None])
def test_whom_api_gateway_does_not_name_gets_nothing(api: Api, identity: Any) -> None:
    """All whom it does not name would be one client, each with what is the others'."""
    event = api.event_of("GET", "/v1/predictions", None, None, {"x-api-key": "secret"})
    event["requestContext"]["identity"] = identity
    assert "secret" not in is_problem(api.event(event), 500)

"""How a request ends whose answer cannot be written or told, or was written by an earlier process: once, and no model runs again."""

import json
import queue
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock, Mock

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from local.clock import TurnedClock
from local.durable import Durable
from local.sagemaker.async_inference import AsyncQueues
from local.sagemaker.async_queue import RequestQueue
from local.sagemaker.async_requests import AsyncRequest
from local.sagemaker.async_work import AsyncWork, Place, ServerGoneError
from local.sagemaker.invocation import ModelAnswer

REGION = "us-east-1"
CONFIG = {"S3OutputPath": "s3://answers/o", "NotificationConfig": {"SuccessTopic": "arn:topic"}}


@pytest.fixture
def s3() -> Iterator[Any]:
    """A bucket for answers."""
    with mock_aws():
        client = boto3.client("s3", region_name=REGION)
        client.create_bucket(Bucket="answers")
        yield client


def backend(s3: Any, roles: Any = None) -> Any:
    """As much of the local cloud as finding, writing and telling an answer takes; ``roles`` is the one client that roles have."""
    return SimpleNamespace(root=lambda _: s3, client=lambda *_: roles, region=REGION)


def request() -> AsyncRequest:
    """One that waits for its answer."""
    return AsyncRequest.new({"EndpointName": "live", "InferenceId": "p1", "Body": b"{}"}, CONFIG)


def test_an_answer_that_lies_in_s3_is_told_instead_of_made_again(s3: Any, tmp_path: Path) -> None:
    asked, table, told = request(), Durable(tmp_path).table("AsyncRequests"), queue.Queue[Any]()
    RequestQueue(table, TurnedClock()).add(asked)
    s3.put_object(Bucket="answers", Key=asked.output.removeprefix("s3://answers/"), Body=b"{}", ContentType="text/x")
    server = Mock(claimed=0, ready=True)
    fleet = SimpleNamespace(config={}, variants=[SimpleNamespace(servers=[server], plan=Mock())])
    endpoints = SimpleNamespace(exists=lambda _: True, fleet=lambda _: fleet)
    known = backend(s3, SimpleNamespace(publish=lambda **sent: told.put(sent)))

    AsyncQueues(known, endpoints, MagicMock(), TurnedClock(), table)  # type: ignore[arg-type]

    sent = told.get(timeout=30)
    message = json.loads(sent["Message"])
    assert (sent["TopicArn"], message["invocationStatus"], message["inferenceId"]) == ("arn:topic", "Completed", "p1")
    assert message["responseParameters"] == {"contentType": "text/x", "outputLocation": asked.output}
    server.invoke.assert_not_called()


def test_without_an_answer_there_is_nothing_to_tell(s3: Any) -> None:
    assert AsyncWork(backend(s3), Mock()).finished_before(request()) is None


def test_while_nobody_can_say_whether_there_is_an_answer_it_waits(s3: Any) -> None:
    refusing = Stubber(s3)
    refusing.add_client_error("get_object", "SlowDown", http_status_code=503)
    with refusing, pytest.raises(ServerGoneError):
        AsyncWork(backend(s3), Mock()).finished_before(request())


def test_an_answer_that_s3_refuses_ends_its_request_with_that_reason(s3: Any) -> None:
    metrics, server = MagicMock(), Mock()
    server.invoke.return_value = ModelAnswer(status=200, content_type="text/x", body=b"{}")
    place, refusing = Place(variant=Mock(), server=server), Stubber(s3)
    refusing.add_client_error("put_object", "AccessDenied", http_status_code=403)
    with refusing:
        message = AsyncWork(backend(s3, s3), metrics).carry_out(place, request())

    assert message["invocationStatus"] == "Failed"
    assert message["failureReason"].startswith("ClientError: Unable to upload to s3://answers/o/")
    metrics.failed.assert_called_once_with(place.variant, "ResponseUploadFailures")


def test_an_end_that_sns_refuses_to_tell_is_counted_and_lies_in_s3_all_the_same(s3: Any) -> None:
    metrics, ended, variant = Mock(), request(), Mock()
    ended.message = {"invocationStatus": "Completed"}
    sns = boto3.client("sns", region_name=REGION)  # without such a topic

    AsyncWork(backend(s3, sns), metrics).notify(variant, ended)

    metrics.happened.assert_called_once_with(variant, "NotificationFailures")

"""Handing a request to an endpoint, which answers it later."""

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus

from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    ProxyConnectionError,
    SSLError,
)

from atelier_ops.errors import EndpointDeniedError, EndpointUnavailableError, SubmissionUnclearError
from atelier_ops.gateways.aws import client, passes
from contracts.layout import S3Uri, answer_keys

WAIT_IN_QUEUE = 21_600
"""Seconds a request may wait for an instance: SageMaker's longest."""

LONGEST_RUN = 900
"""Seconds the model may work on one request."""

NOT_SENT = (ConnectTimeoutError, EndpointConnectionError, ProxyConnectionError, SSLError)
"""Errors before anything was sent."""

NO_FUNCTION = "none"
"""What a function is called where there is none."""


@dataclass(frozen=True, kw_only=True)
class AnswerPlaces:
    """Where SageMaker will write the answer: ``output`` if the request succeeds, ``failure`` if it does not."""

    output: str
    failure: str

    def to_json(self) -> dict[str, str]:
        """As a record keeps it."""
        return {"output": self.output, "failure": self.failure}


class Inference:
    """InvokeEndpointAsync; or the ``function`` that asks real-time endpoints, and writes and tells what they answer as SageMaker does."""

    def __init__(self, function: str = NO_FUNCTION) -> None:
        self._function = "" if function == NO_FUNCTION else function

    def submit(self, endpoint: str, body: S3Uri, inference_id: str, inline: str = "") -> AnswerPlaces:
        """Queue the JSON body at ``body``, or ``inline`` if it is given; SNS tells when the answer is there.

        Raises EndpointUnavailableError where it was not queued, EndpointDeniedError where it never will be, and SubmissionUnclearError
        where it may have been.
        """
        with _refusals(endpoint):
            hand_over = self._ask if self._function else self._queue
            return hand_over(endpoint, body, inference_id, inline)

    def _queue(self, endpoint: str, body: S3Uri, inference_id: str, inline: str) -> AnswerPlaces:
        source = {"Body": inline.encode()} if inline else {"InputLocation": str(body)}
        answer = client("sagemaker-runtime").invoke_endpoint_async(
            EndpointName=endpoint,
            **source,
            InferenceId=inference_id,
            ContentType="application/json",
            Accept="application/json",
            RequestTTLSeconds=WAIT_IN_QUEUE,
            InvocationTimeoutSeconds=LONGEST_RUN,
        )
        return AnswerPlaces(output=answer.get("OutputLocation", ""), failure=answer.get("FailureLocation", ""))

    def _ask(self, endpoint: str, body: S3Uri, inference_id: str, inline: str) -> AnswerPlaces:
        """Each attempt has places of its own, as SageMaker gives it."""
        keys = answer_keys(uuid.uuid4().hex)
        output, failure = (str(S3Uri(bucket=body.bucket, key=key)) for key in keys)
        places = AnswerPlaces(output=output, failure=failure)
        event = {
            "endpoint": endpoint,
            "request": str(body),
            "body": inline,
            "inference_id": inference_id,
            **places.to_json(),
        }
        client("lambda").invoke(FunctionName=self._function, InvocationType="Event", Payload=json.dumps(event).encode())
        return places


@contextmanager
def _refusals(endpoint: str) -> Iterator[None]:
    """What an error of a call says of the request."""
    try:
        yield
    except NOT_SENT as error:
        raise EndpointUnavailableError(f"endpoint {endpoint} cannot be reached") from error
    except HTTPClientError as error:
        raise SubmissionUnclearError(f"endpoint {endpoint}: {error}") from error
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        if status == HTTPStatus.FORBIDDEN and not passes(error):
            wanted = f"not authorized to perform {_RIGHTS.get(error.operation_name, error.operation_name)}"
            raise EndpointDeniedError(f"endpoint {endpoint}: {wanted}") from error
        if status < HTTPStatus.INTERNAL_SERVER_ERROR:
            raise EndpointUnavailableError(f"endpoint {endpoint} takes no request now") from error
        raise SubmissionUnclearError(f"endpoint {endpoint}: {error}") from error


_RIGHTS = {"InvokeEndpointAsync": "sagemaker:InvokeEndpointAsync", "Invoke": "lambda:InvokeFunction"}

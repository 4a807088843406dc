"""Handing a request to an asynchronous endpoint."""

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
from contracts.layout import S3Uri

WAIT_IN_QUEUE = 21_600
"""Seconds a request may wait for an instance: SageMaker's longest."""

LONGEST_RUN = 900
"""Seconds the model may work on one request."""

NOT_SENT = (ConnectTimeoutError, EndpointConnectionError, ProxyConnectionError, SSLError)
"""Errors before anything was sent."""


@dataclass(frozen=True, kw_only=True)
class AnswerPlaces:
    """Where SageMaker will write the answer: ``output`` if the request succeeds, ``failure`` if it does not."""

    output: str
    failure: str

    def to_json(self) -> dict[str, str]:
        """As a record keeps it."""
        return {"output": self.output, "failure": self.failure}


class Inference:
    """InvokeEndpointAsync."""

    def submit(self, endpoint: str, body: S3Uri, inference_id: str) -> AnswerPlaces:
        """Queue the JSON body at ``body``; SNS tells when the answer is there.

        Raises EndpointUnavailableError where it was not queued, EndpointDeniedError where it never will be, and SubmissionUnclearError
        where it may have been.
        """
        try:
            answer = client("sagemaker-runtime").invoke_endpoint_async(
                EndpointName=endpoint,
                InputLocation=str(body),
                InferenceId=inference_id,
                ContentType="application/json",
                Accept="application/json",
                RequestTTLSeconds=WAIT_IN_QUEUE,
                InvocationTimeoutSeconds=LONGEST_RUN,
            )
        except NOT_SENT as error:
            raise EndpointUnavailableError(f"endpoint {endpoint} cannot be reached") from error
        except HTTPClientError as error:
            raise SubmissionUnclearError(f"endpoint {endpoint}: {error}") from error
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            if status == HTTPStatus.FORBIDDEN and not passes(error):
                wanted = "not authorized to perform sagemaker:InvokeEndpointAsync"
                raise EndpointDeniedError(f"endpoint {endpoint}: {wanted}") from error
            if status < HTTPStatus.INTERNAL_SERVER_ERROR:
                raise EndpointUnavailableError(f"endpoint {endpoint} takes no request now") from error
            raise SubmissionUnclearError(f"endpoint {endpoint}: {error}") from error
        return AnswerPlaces(output=answer.get("OutputLocation", ""), failure=answer.get("FailureLocation", ""))

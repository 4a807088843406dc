"""Handing a request to an asynchronous endpoint."""

from dataclasses import dataclass

from botocore.exceptions import ClientError, HTTPClientError

from atelier_ops.errors import EndpointUnavailableError
from atelier_ops.gateways.aws import client, error_code
from contracts.layout import S3Uri

WAIT_IN_QUEUE = 21_600
"""Seconds a request may wait for an instance: SageMaker's longest."""

LONGEST_RUN = 900
"""Seconds the model may work on one request."""

REFUSED = {"ValidationError", "ValidationException", "ServiceUnavailable", "ThrottlingException", "InternalFailure"}


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
        """Queue the JSON body at ``body``; SNS tells when the answer is there. Raises EndpointUnavailableError."""
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
        except HTTPClientError as error:
            raise EndpointUnavailableError(f"endpoint {endpoint}: {error}") from error
        except ClientError as error:
            if error_code(error) in REFUSED:
                raise EndpointUnavailableError(f"endpoint {endpoint}: {error}") from error
            raise
        return AnswerPlaces(output=answer.get("OutputLocation", ""), failure=answer.get("FailureLocation", ""))

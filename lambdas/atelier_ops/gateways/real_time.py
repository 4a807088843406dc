"""EndpointCalling a real-time endpoint, and waiting for what it answers."""

from http import HTTPStatus

from botocore.exceptions import ClientError, HTTPClientError, ReadTimeoutError

from atelier_ops.errors import EndpointUnavailableError
from atelier_ops.gateways.aws import LONGEST_ANSWER, client, error_code, passes
from atelier_ops.gateways.inference import NOT_SENT


class EndpointRefusedError(RuntimeError):
    """An endpoint's answer that is none: ``reason`` in SageMaker's words, and ``text``, what the model server said."""

    def __init__(self, reason: str, text: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.text = text


class RealTimeEndpoints:
    """InvokeEndpoint."""

    def ask(self, endpoint: str, body: bytes, inference_id: str) -> bytes:
        """The answer to a JSON body, JSON as well.

        Raises EndpointUnavailableError where another try may succeed, and EndpointRefusedError where it would not, or might be
        a second time.
        """
        try:
            answer = client("sagemaker-runtime").invoke_endpoint(
                EndpointName=endpoint,
                Body=body,
                ContentType="application/json",
                Accept="application/json",
                InferenceId=inference_id,
            )
            answered: bytes = answer["Body"].read()
        except NOT_SENT as error:
            raise EndpointUnavailableError(f"endpoint {endpoint} cannot be reached") from error
        except ReadTimeoutError as error:
            raise EndpointRefusedError(
                f"ClientError: Model did not respond within {LONGEST_ANSWER} seconds."
            ) from error
        except HTTPClientError as error:
            raise EndpointRefusedError(
                f"InternalServerError: the connection to endpoint {endpoint} broke: {error}"
            ) from error
        except ClientError as error:
            if _may_succeed(error):
                raise EndpointUnavailableError(f"endpoint {endpoint} takes no request now") from error
            raise EndpointRefusedError(_reason(error), _said(error, "OriginalMessage")) from error
        return answered


def _may_succeed(error: ClientError) -> bool:
    """Whether the service, or the model server by a status of 503, says that it is busy."""
    if error_code(error) == "ModelError":
        return _said(error, "OriginalStatusCode") == str(HTTPStatus.SERVICE_UNAVAILABLE.value)
    return passes(error)


def _reason(error: ClientError) -> str:
    """SageMaker's words. Those of the model server, which are a part of them, are told by themselves."""
    words = str(error.response.get("Error", {}).get("Message") or error)
    return words.partition(" with message ")[0] if _said(error, "OriginalMessage") else f"ClientError: {words}"


def _said(error: ClientError, member: str) -> str:
    """What an error of SageMaker's says of the model server."""
    return str(error.response.get(member) or "")

"""Errors of the local cloud, named for whoever catches them."""

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError

INTERNAL_ERROR = "InternalServerError: We encountered an internal error. Please try again."


class LocalCloudError(Exception):
    """The local cloud itself could not do its work (start, stop, a moved seam); read by the person at the terminal."""


class DeploymentError(LocalCloudError):
    """A stack did not reach its complete state; the message names the failing resource and its reason."""


class ServiceError(Exception):
    """What an emulated AWS service answers: an error code, a message and an HTTP status."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


AWS_ERRORS = (ClientError, BotoCoreError, Boto3Error, ServiceError)
"""What a call of an AWS service raises when it is refused or cannot be made, in this process or over HTTP."""


def validation_error(message: str) -> ServiceError:
    """The `ValidationException` that SageMaker and Application Auto Scaling give for a bad request."""
    return ServiceError("ValidationException", message)

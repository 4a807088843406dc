"""boto3 clients, made at first use and once a container."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from functools import cache
from http import HTTPStatus
from typing import Any

from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnectionError

SETTINGS: Mapping[str, Any] = {
    "retries": {"mode": "standard", "total_max_attempts": 5},
    "connect_timeout": 5,
    "read_timeout": 60,
}
"""Standard retries cover throttling and 5xx; one call never outlives a minute, but for a model's answer."""

LONGEST_ANSWER = 70
"""Seconds after which no model answers any more: a container of a real-time endpoint has 60."""

AT_MOST_ONCE = {"sagemaker-runtime": {"retries": {"total_max_attempts": 1}, "read_timeout": LONGEST_ANSWER}}
"""A request whose answer was lost may have been queued, and would be a second time: whether to send it again, the handlers decide."""


PASSING = frozenset(
    {
        # What botocore calls throttling, of every service, and a request that was too slow on its way.
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestTimeout",
        "RequestTimeoutException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
        # The same of SNS, and of the key that it, S3 and SQS use.
        "KMS.ThrottlingException",
        "KMSThrottlingException",
        "Throttled",
        # Another writer at the same moment (S3, DynamoDB).
        "ConditionalRequestConflict",
        "OperationAborted",
        "TransactionConflictException",
        # As many executions run as may (Step Functions).
        "ExecutionLimitExceeded",
        # Credentials that are replaced at this moment, and a clock that is set right.
        "ExpiredToken",
        "ExpiredTokenException",
        "RequestExpired",
        "RequestTimeTooSkewed",
    }
)
"""Codes of refusals that say nothing of the request: the same one may be taken later. All others are final until somebody changes
a right, a key, a name or the request."""


@cache
def client(service: str) -> Any:
    """The client of one service. Region, credentials and endpoint come from the environment."""
    # boto3 takes longer to import than all of a handler: a request that needs no service does not pay for it.
    import boto3
    from botocore.config import Config

    # Presigned addresses need version 4 signatures where a KMS key encrypts the bucket.
    own: dict[str, Any] = {"signature_version": "s3v4"} if service == "s3" else {}
    return boto3.client(service, config=Config(**{**SETTINGS, **own, **AT_MOST_ONCE.get(service, {})}))  # type: ignore[call-overload]


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags as most services take them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def error_code(error: Exception) -> str:
    """The service's own code of a botocore ClientError, e.g. ``ValidationException``."""
    response: dict[str, Any] = getattr(error, "response", {})
    return str(response.get("Error", {}).get("Code", ""))


_BUSY = {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}
"""Reasons for which DynamoDB does nothing of a transaction that it may do later."""


def fails_condition(error: ClientError) -> bool:
    """Whether DynamoDB did nothing of a transaction because a condition of it does not hold."""
    return "ConditionalCheckFailed" in _reasons(error)


def is_busy(error: ClientError) -> bool:
    """Whether DynamoDB did nothing of a transaction because of what others write at this moment."""
    return error_code(error) == "TransactionConflictException" or bool(_BUSY & _reasons(error))


def _reasons(error: ClientError) -> set[str]:
    """Why DynamoDB did nothing of a transaction; empty where it says something else."""
    answer: dict[str, Any] = dict(error.response)
    listed = answer.get("CancellationReasons", []) if error_code(error) == "TransactionCanceledException" else []
    return {str(each.get("Code", "")) for each in listed}


def passes(error: Exception) -> bool:
    """Whether the same call may succeed later: the service was busy, broke on it, or was not reached."""
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return (
            status == HTTPStatus.TOO_MANY_REQUESTS
            or status >= HTTPStatus.INTERNAL_SERVER_ERROR
            or error_code(error) in PASSING
            or is_busy(error)
        )
    return isinstance(error, NoConnectionError | HTTPClientError)


class Tolerance(AbstractContextManager[None, bool]):
    """A block that a ClientError of one of these codes only ends: what stands after it says what that means."""

    def __init__(self, *codes: str) -> None:
        self._codes = codes

    def __exit__(self, kind: object, error: object, trace: object) -> bool:
        return isinstance(error, ClientError) and error_code(error) in self._codes

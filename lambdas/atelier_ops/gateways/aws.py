"""boto3 clients, made at first use and once a container."""

from functools import cache
from typing import Any

import boto3
from botocore.config import Config

CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 5},
    connect_timeout=5,
    read_timeout=60,
)
"""Standard retries cover throttling and 5xx; one call never outlives a minute."""

S3_CONFIG = CONFIG.merge(Config(signature_version="s3v4"))
"""Presigned addresses need version 4 signatures where a KMS key encrypts the bucket."""


@cache
def client(service: str) -> Any:
    """The client of one service. Region, credentials and endpoint come from the environment."""
    return boto3.client(service, config=S3_CONFIG if service == "s3" else CONFIG)  # type: ignore[call-overload]


def error_code(error: Exception) -> str:
    """The service's own code of a botocore ClientError, e.g. ``ValidationException``."""
    response: dict[str, Any] = getattr(error, "response", {})
    return str(response.get("Error", {}).get("Code", ""))

"""Step Functions' own calls of S3 for whole objects: `aws-sdk:s3:putObject` and `getObject`."""

import json
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError
from ministack.services import stepfunctions

from local.sdk_errors import exception_class

PREFIX = "arn:aws:states:::aws-sdk:s3:"


def _put_object(s3: Any, data: dict[str, Any]) -> dict[str, Any]:
    """PutObject. Step Functions writes `Body` as JSON, a text with its quotation marks."""
    body = json.dumps(data.get("Body", ""), separators=(",", ":"), ensure_ascii=False).encode()
    return _plain(s3.put_object(**{**data, "Body": body}))


def _get_object(s3: Any, data: dict[str, Any]) -> dict[str, Any]:
    """GetObject. `Body` becomes a text."""
    answer = s3.get_object(**data)
    return {**_plain(answer), "Body": answer["Body"].read().decode("utf-8", errors="replace")}


TASKS = {"putObject": _put_object, "getObject": _get_object}


def task(action: str, root_client: Callable[[str], Any]) -> Callable[[str, Any], Any]:
    """`aws-sdk:s3:<action>`, which ministack lacks; it still answers longer actions that begin with the same word."""

    def run(resource: str, data: dict[str, Any]) -> Any:
        if resource != f"{PREFIX}{action}":
            return stepfunctions._invoke_aws_sdk_integration(resource, data)
        try:
            return TASKS[action](root_client("s3"), data)
        except ClientError as error:
            code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
            name = exception_class("s3", code) or "S3Exception"
            raise stepfunctions._ExecutionError(f"S3.{name}", message) from error

    return run


def _plain(answer: dict[str, Any]) -> dict[str, Any]:
    fields = {k: v for k, v in answer.items() if k not in ("ResponseMetadata", "Body")}
    return {k: v.isoformat() if hasattr(v, "isoformat") else v for k, v in fields.items()}

"""Step Functions' own calls of S3 for whole objects: `aws-sdk:s3:putObject` and `getObject`."""

import json
from collections.abc import Callable
from typing import Any

PREFIX = "arn:aws:states:::aws-sdk:s3:"
Task = Callable[[Any, dict[str, Any]], dict[str, Any]]
_MODELLED = {"NoSuchKey", "NoSuchBucket", "InvalidObjectState"}


def put_object(s3: Any, data: dict[str, Any]) -> dict[str, Any]:
    """PutObject. Step Functions writes `Body` as JSON, a text with its quotation marks."""
    body = json.dumps(data.get("Body", ""), separators=(",", ":"), ensure_ascii=False).encode()
    return _plain(s3.put_object(**{**data, "Body": body}))


def get_object(s3: Any, data: dict[str, Any]) -> dict[str, Any]:
    """GetObject. `Body` becomes a text."""
    answer = s3.get_object(**data)
    return {**_plain(answer), "Body": answer["Body"].read().decode("utf-8", errors="replace")}


TASKS: dict[str, Task] = {"putObject": put_object, "getObject": get_object}


def error_name(code: str) -> str:
    """S3's error code as the SDK for Java 2 names its exception."""
    return f"S3.{code}Exception" if code in _MODELLED else "S3.S3Exception"


def _plain(answer: dict[str, Any]) -> dict[str, Any]:
    fields = {k: v for k, v in answer.items() if k not in ("ResponseMetadata", "Body")}
    return {k: v.isoformat() if hasattr(v, "isoformat") else v for k, v in fields.items()}

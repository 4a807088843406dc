"""Reading what an asynchronous endpoint says through SNS when a request is done."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contracts.layout import S3Uri


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One finished request: ``output`` where it went well, else ``reason`` and perhaps the failure file ``failure``."""

    inference_id: str
    succeeded: bool
    output: S3Uri | None = None
    failure: S3Uri | None = None
    reason: str = ""


def outcomes(event: Mapping[str, Any]) -> list[Outcome]:
    """Every outcome in an SNS event."""
    return [_outcome(json.loads(record["Sns"]["Message"])) for record in event["Records"]]


def _outcome(message: Mapping[str, Any]) -> Outcome:
    answer = message.get("responseParameters") or {}
    return Outcome(
        inference_id=message["inferenceId"],
        succeeded=message["invocationStatus"] == "Completed",
        output=_address(answer.get("outputLocation")),
        failure=_address(answer.get("failureLocation") or message.get("failureLocation")),
        reason=message.get("failureReason") or "",
    )


def _address(uri: str | None) -> S3Uri | None:
    return S3Uri.parse(uri) if uri else None


def model_message(text: str) -> str:
    """The model server's own words out of a failure text, which may wrap its JSON error body; else the text itself."""
    match = re.search(r"\{.*\}", text, re.DOTALL)
    try:
        body = json.loads(match.group(0)) if match else None
    except ValueError:
        body = None
    error = body.get("error") if isinstance(body, dict) else None
    if isinstance(error, dict) and error.get("message"):
        kind = f"{error['type']}: " if error.get("type") else ""
        return f"{kind}{error['message']}"
    return text.strip()

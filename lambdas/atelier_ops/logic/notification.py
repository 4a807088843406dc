"""Reading what an asynchronous endpoint says through SNS when a request is done."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from atelier_ops.gateways.storage import parse_json
from contracts.errors import InvalidInputError
from contracts.json_text import load
from contracts.layout import S3Uri


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One finished request: ``output`` where it went well, else ``reason`` and perhaps the failure file ``failure``.

    ``written`` is when that was written, in seconds since 1970, where it was found and nobody told of it.
    """

    inference_id: str
    succeeded: bool
    output: S3Uri | None = None
    failure: S3Uri | None = None
    reason: str = ""
    written: float | None = None


def messages(event: Mapping[str, Any]) -> list[str]:
    """The texts of an SNS event."""
    return [record["Sns"]["Message"] for record in event["Records"]]


def read_outcome(message: str) -> Outcome:
    """What a notification says. Raises InvalidInputError for a text that is none."""
    body = parse_json(message.encode(), "notification")
    try:
        answer = body.get("responseParameters") or {}
        return Outcome(
            inference_id=str(body["inferenceId"]),
            succeeded=body["invocationStatus"] == "Completed",
            output=_address(answer.get("outputLocation")),
            failure=_address(answer.get("failureLocation") or body.get("failureLocation")),
            reason=str(body.get("failureReason") or ""),
        )
    except (AttributeError, KeyError, TypeError) as error:
        allowed = "what SageMaker says of an asynchronous request"
        raise InvalidInputError("notification", got=message[:200], allowed=allowed) from error


def _address(uri: Any) -> S3Uri | None:
    return S3Uri.parse(str(uri)) if uri else None


def is_of_server(reason: str, text: str) -> bool:
    """Whether a request failed for no fault of its own, so that another attempt may succeed.

    ``reason`` is the notification's, ``text`` the failure file's; one of them may be empty. The status that SageMaker quotes decides, else
    the kind of error that the model server names. A request that took too long (504) would again. The words are those that people
    report of SageMaker; they are not verified on AWS.
    """
    for words in (reason, text):
        if match := re.search(r"(?:client|server) error \((\d{3})\)", words):
            return int(match[1]) >= 500 and int(match[1]) != 504
    kind = _error(text).get("type")
    return kind in _OF_SERVER if kind else f"{reason}{text}".startswith("InternalServerError")


_OF_SERVER = ("BusyError", "SigningError", "InternalError")
"""The kinds of errors that the model server answers with a status of 5xx."""


def model_message(text: str) -> str:
    """The model server's own words out of a failure text, which may wrap its JSON error body; else the text itself."""
    error = _error(text)
    if error.get("message"):
        kind = f"{error['type']}: " if error.get("type") else ""
        return f"{kind}{error['message']}"
    return text.strip()


def _error(text: str) -> Mapping[str, Any]:
    """The error of the model server's that a text holds or wraps; empty where it does not."""
    match = re.search(r"\{.*\}", text, re.DOTALL)
    try:
        body = load(match[0]) if match else None
    except ValueError:
        body = None
    error = body.get("error") if isinstance(body, dict) else None
    return error if isinstance(error, dict) else {}

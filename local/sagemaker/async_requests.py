"""An asynchronous request while it waits, and what is told about it afterwards."""

import base64
import time
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from local.sagemaker.store import Record, now

_DEFAULT_TTL_SECONDS = 21_600
_NOTIFICATION_BODY_BYTES = 128_000


@dataclass(frozen=True, kw_only=True)
class Queued:
    """One request in an endpoint's queue."""

    params: Record
    inference_id: str
    output: str
    failure: str | None
    received: datetime
    expires: float = field(default=float("inf"))  # on the monotonic clock, seconds


def queued(params: Record, output: Record) -> Queued:
    """A request as it waits, with the addresses its answer will have; `output` is the endpoint's OutputConfig."""
    inference_id = params.get("InferenceId") or str(uuid.uuid4())
    name, folder = str(uuid.uuid4()), output.get("S3OutputPath", "").rstrip("/")
    if "S3OutputPathExtension" in params:
        folder = f"{folder}/{params['S3OutputPathExtension'].strip('/')}"
    failures = output.get("S3FailurePath", "").rstrip("/")
    return Queued(
        params=params,
        inference_id=inference_id,
        output=f"{folder}/{params.get('Filename', f'{name}.out')}",
        failure=f"{failures}/{name}-error.out" if failures else None,
        received=now(),
        expires=time.monotonic() + params.get("RequestTTLSeconds", _DEFAULT_TTL_SECONDS),
    )


def notification(item: Queued, status: str, region: str) -> Record:
    """The notification as SageMaker writes it (docs: "Check prediction results", asynchronous inference)."""
    names = {
        "ContentType": "contentType",
        "Accept": "accept",
        "EndpointName": "endpointName",
        "InputLocation": "inputLocation",
    }
    return {
        "awsRegion": region,
        "eventTime": _stamp(now()),
        "receivedTime": _stamp(item.received),
        "invocationStatus": status,
        "requestParameters": {wire: item.params[name] for name, wire in names.items() if name in item.params},
        "inferenceId": item.inference_id,
        "eventVersion": "1.0",
        "eventSource": "aws:sagemaker",
        "eventName": "InferenceResult",
    }


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def response_body(body: bytes) -> dict[str, Any]:
    """The answer as a notification carries it, where IncludeInferenceResponseIn asks for it."""
    if len(body) > _NOTIFICATION_BODY_BYTES:
        return {"message": "Response body is too large for the notification."}
    return {"content": base64.b64encode(body).decode(), "message": "", "encoding": "BASE64"}

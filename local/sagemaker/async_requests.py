"""An asynchronous request while it waits, and the notification that is sent about it afterwards."""

import base64
import time
import uuid
from dataclasses import dataclass, field
from datetime import datetime

from local.sagemaker.store import Record, now

_DEFAULT_TTL_SECONDS = 21_600
_NOTIFICATION_BODY_BYTES = 128_000
_ECHOED = ("ContentType", "Accept", "EndpointName", "InputLocation")


@dataclass(frozen=True, kw_only=True)
class AsyncRequest:
    """One request in an endpoint's queue; `config` is the endpoint's OutputConfig."""

    params: Record
    config: Record
    inference_id: str
    output: str
    failure: str | None
    received: datetime
    expires: float = field(default=float("inf"))  # on the monotonic clock, seconds


def async_request(params: Record, config: Record) -> AsyncRequest:
    """A request as it waits, with the addresses its answer will have."""
    name, folder = str(uuid.uuid4()), config.get("S3OutputPath", "").rstrip("/")
    if "S3OutputPathExtension" in params:
        folder = f"{folder}/{params['S3OutputPathExtension'].strip('/')}"
    failures = config.get("S3FailurePath", "").rstrip("/")
    return AsyncRequest(
        params=params,
        config=config,
        inference_id=params.get("InferenceId") or str(uuid.uuid4()),
        output=f"{folder}/{params.get('Filename', f'{name}.out')}",
        failure=f"{failures}/{name}-error.out" if failures else None,
        received=now(),
        expires=time.monotonic() + params.get("RequestTTLSeconds", _DEFAULT_TTL_SECONDS),
    )


def notification(request: AsyncRequest, status: str, body: bytes, region: str, **parameters: str) -> Record:
    """The notification as SageMaker writes it (docs: "Check prediction results", asynchronous inference).

    `parameters` say where the answer is; its body is included where the endpoint's configuration asks for it.
    """
    topic = "SUCCESS_NOTIFICATION_TOPIC" if status == "Completed" else "ERROR_NOTIFICATION_TOPIC"
    included = topic in request.config.get("NotificationConfig", {}).get("IncludeInferenceResponseIn", [])
    return {
        "awsRegion": region,
        "eventTime": _stamp(now()),
        "receivedTime": _stamp(request.received),
        "invocationStatus": status,
        "requestParameters": {
            name[0].lower() + name[1:]: request.params[name] for name in _ECHOED if name in request.params
        },
        "inferenceId": request.inference_id,
        "eventVersion": "1.0",
        "eventSource": "aws:sagemaker",
        "eventName": "InferenceResult",
        **({"responseParameters": parameters} if parameters else {}),
        **({"responseBody": _response_body(body)} if included else {}),
    }


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def _response_body(body: bytes) -> dict[str, str]:
    if len(body) > _NOTIFICATION_BODY_BYTES:
        return {"message": "Response body is too large for the notification."}
    return {"content": base64.b64encode(body).decode(), "message": "", "encoding": "BASE64"}

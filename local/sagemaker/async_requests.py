"""An asynchronous request while it waits, and the notification that is sent about it afterwards."""

import base64
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from local.sagemaker.store import Record, now

_DEFAULT_TTL_SECONDS = 21_600
_NOTIFICATION_BODY_BYTES = 128_000
_ECHOED = ("ContentType", "Accept", "EndpointName", "InputLocation")


@dataclass(kw_only=True)
class AsyncRequest:
    """One request that an endpoint has taken, with the addresses its answer or failure will have.

    `config` is the endpoint's OutputConfig. `message` is the notification of its end, from when it has ended until that was sent.
    """

    params: Record
    config: Record
    inference_id: str
    output: str
    failure: str | None
    received: datetime = field(default_factory=now)
    message: Record | None = None

    @classmethod
    def new(cls, params: Record, config: Record) -> Self:
        """A request that has just come."""
        name, folder = str(uuid.uuid4()), config.get("S3OutputPath", "").rstrip("/")
        if "S3OutputPathExtension" in params:
            folder = f"{folder}/{params['S3OutputPathExtension'].strip('/')}"
        failures = config.get("S3FailurePath", "").rstrip("/")
        return cls(
            params=params,
            config=config,
            inference_id=params.get("InferenceId") or str(uuid.uuid4()),
            output=f"{folder}/{params.get('Filename', f'{name}.out')}",
            failure=f"{failures}/{name}-error.out" if failures else None,
        )

    @property
    def endpoint(self) -> str:
        """The name of its endpoint."""
        return str(self.params["EndpointName"])

    @property
    def lifetime(self) -> float:
        """How long it may wait in the queue, in seconds."""
        return float(self.params.get("RequestTTLSeconds", _DEFAULT_TTL_SECONDS))

    def notification(self, status: str, body: bytes, region: str, **parameters: Any) -> Record:
        """The notification as SageMaker writes it (docs: "Check prediction results", asynchronous inference).

        `parameters` say where the answer is; its body is included where the endpoint's configuration asks for it.
        """
        topic = "SUCCESS_NOTIFICATION_TOPIC" if status == "Completed" else "ERROR_NOTIFICATION_TOPIC"
        included = topic in self.config.get("NotificationConfig", {}).get("IncludeInferenceResponseIn", [])
        echoed = {name[0].lower() + name[1:]: self.params[name] for name in _ECHOED if name in self.params}
        return {
            "awsRegion": region,
            "eventTime": _stamp(now()),
            "receivedTime": _stamp(self.received),
            "invocationStatus": status,
            "requestParameters": echoed,
            "inferenceId": self.inference_id,
            "eventVersion": "1.0",
            "eventSource": "aws:sagemaker",
            "eventName": "InferenceResult",
            **({"responseParameters": parameters} if parameters else {}),
            **({"responseBody": _response_body(body)} if included else {}),
        }


def _stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _response_body(body: bytes) -> dict[str, str]:
    if len(body) > _NOTIFICATION_BODY_BYTES:
        return {"message": "Response body is too large for the notification."}
    return {"content": base64.b64encode(body).decode(), "message": "", "encoding": "BASE64"}

"""An asynchronous request while it waits, and the notification that is sent about it afterwards."""

import base64
import uuid
from datetime import datetime

from local.sagemaker.store import Record, now

_DEFAULT_TTL_SECONDS = 21_600
_NOTIFICATION_BODY_BYTES = 128_000
_ECHOED = ("ContentType", "Accept", "EndpointName", "InputLocation")


class AsyncRequest:
    """One request in an endpoint's queue, with the addresses its answer or failure will have.

    `config` is the endpoint's OutputConfig; `queued` and `expires` are on the monotonic clock, in seconds.
    """

    def __init__(self, params: Record, config: Record, *, queued: float) -> None:
        name, folder = str(uuid.uuid4()), config.get("S3OutputPath", "").rstrip("/")
        if "S3OutputPathExtension" in params:
            folder = f"{folder}/{params['S3OutputPathExtension'].strip('/')}"
        failures = config.get("S3FailurePath", "").rstrip("/")
        self.params, self.config = params, config
        self.inference_id: str = params.get("InferenceId") or str(uuid.uuid4())
        self.output = f"{folder}/{params.get('Filename', f'{name}.out')}"
        self.failure = f"{failures}/{name}-error.out" if failures else None
        self.received = now()
        self.queued = queued
        self.expires = queued + params.get("RequestTTLSeconds", _DEFAULT_TTL_SECONDS)

    def notification(self, status: str, body: bytes, region: str, **parameters: str) -> Record:
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

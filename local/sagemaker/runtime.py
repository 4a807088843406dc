"""InvokeEndpoint and InvokeEndpointAsync: the part of SageMaker that applications call."""

import json
import threading
from http import HTTPStatus
from typing import Any

from local.clients import waiting_client
from local.clock import TurnedClock
from local.errors import ServiceError
from local.sagemaker.async_inference import AsyncQueues
from local.sagemaker.endpoints import EndpointService
from local.sagemaker.fleet import Variant, unavailable
from local.sagemaker.invocation import ModelAnswer, NotTakenError, forwarded_headers
from local.sagemaker.metrics import EndpointMetrics
from local.sagemaker.model_check import ApiModel
from local.sagemaker.serving import ModelServer
from local.sagemaker.store import Record

_REALTIME_SECONDS = 60.0
_MOST_BYTES = 25 * 10**6
"""Of a body and of an answer. Botocore's model still says 6 MiB, which callers of the service have been seen to exceed; where exactly the
limit lies is inferred."""


Response = tuple[int, dict[str, str], bytes]  # an HTTP answer: status, headers, body


class Runtime:
    """The runtime API over the running endpoints."""

    def __init__(
        self, endpoints: EndpointService, queues: AsyncQueues, metrics: EndpointMetrics, clock: TurnedClock
    ) -> None:
        self._endpoints, self._queues, self._metrics = endpoints, queues, metrics
        self._claims = threading.Lock()
        clock.every_minute(self._measure)
        self._api = ApiModel("sagemaker-runtime")

    def answer(self, endpoint: str, asynchronous: bool, headers: dict[str, str], body: bytes) -> Response:
        """Answer one HTTP request to an endpoint."""
        if asynchronous:
            return self._invoke_async(self._request("InvokeEndpointAsync", endpoint, headers, body))
        return self._invoke(self._request("InvokeEndpoint", endpoint, headers, body))

    def _request(self, action: str, endpoint: str, headers: dict[str, str], body: bytes) -> Record:
        """The members of a request, read from its headers as the service model says (lower-case header names)."""
        shape = self._api.operation(action).input_shape
        assert shape is not None
        params: Record = {"EndpointName": endpoint}
        for name, member in shape.members.items():
            place = member.serialization
            value = headers.get(place.get("name", "").lower()) if place.get("location") == "header" else None
            if value is not None:
                params[name] = int(value) if member.type_name == "integer" else value
        if body:
            params["Body"] = body
        try:
            # The size of a body has a limit of its own, where there is no queue.
            checked = params if action == "InvokeEndpointAsync" else {**params, "Body": b""}
            self._api.check(action, checked)
            if len(params.get("Body", b"")) > _MOST_BYTES:
                raise ServiceError("ValidationError", f"Body: at most {_MOST_BYTES} bytes")
        except ServiceError as error:
            raise ServiceError("ValidationError", error.message) from error
        return params

    def _invoke(self, params: Record) -> Response:
        """InvokeEndpoint. Raises ModelError (424) with the container's own status and text where it answers an error."""
        name = params["EndpointName"]
        fleet = self._endpoints.fleet(name)
        if "AsyncInferenceConfig" in fleet.config:
            raise ServiceError("ValidationError", f"Endpoint {name} of type Async does not support InvokeEndpoint API.")
        variant = fleet.pick(params.get("TargetVariant"))
        with self._metrics.timed(variant, "ModelLatency"):
            answer = self._answer(variant, params)
        self._metrics.responded(variant, answer.status)
        if len(answer.body) > _MOST_BYTES:
            raise _lost(
                variant, f"Response payload size ({len(answer.body)}) exceeded maximum allowed payload ({_MOST_BYTES})"
            )
        if answer.failed:
            return _model_error(answer, variant.plan.name)
        headers = {"Content-Type": answer.content_type, "x-Amzn-Invoked-Production-Variant": variant.plan.name}
        if answer.custom_attributes:
            headers["X-Amzn-SageMaker-Custom-Attributes"] = answer.custom_attributes
        return 200, headers, answer.body

    def _answer(self, variant: Variant, params: Record) -> ModelAnswer:
        """The container's own answer. Raises ServiceError in SageMaker's words where it gives none."""
        server = variant.next_server()
        self._claim(server, 1)
        try:
            return server.invoke(
                params.get("Body", b""), forwarded_headers(params), seconds=_REALTIME_SECONDS, client=waiting_client()
            )
        except NotTakenError as error:
            raise unavailable() from error
        except TimeoutError as error:
            raise _lost(
                variant,
                f"Your invocation timed out while waiting for a response from container {variant.plan.name}. Review the latency "
                "metrics for each container in Amazon CloudWatch, resolve the issue, and try again.",
            ) from error
        except OSError as error:
            raise _lost(variant, str(error)) from error
        finally:
            self._claim(server, -1)

    def _claim(self, server: ModelServer, change: int) -> None:
        with self._claims:
            server.claimed += change

    def _measure(self) -> None:
        """Publish how many requests are in each instance of the endpoints without a queue."""
        for fleet in self._endpoints.real_time():
            for variant in fleet.variants:
                self._metrics.measure_at_once(variant)

    def _invoke_async(self, params: Record) -> Response:
        """InvokeEndpointAsync: queued; where the answer will be."""
        request = self._queues.put(params)
        headers = {
            "Content-Type": "application/json",
            "X-Amzn-SageMaker-OutputLocation": request.output,
            **({"X-Amzn-SageMaker-FailureLocation": request.failure} if request.failure else {}),
        }
        return 202, headers, json.dumps({"InferenceId": request.inference_id}).encode()


def _lost(variant: Variant, reason: str) -> ServiceError:
    return ServiceError(
        "ModelError",
        f'Received server error (0) from {variant.plan.name} with message "{reason}"',
        HTTPStatus.FAILED_DEPENDENCY,
    )


def _model_error(answer: ModelAnswer, variant: str) -> Response:
    text = answer.body.decode("utf-8", errors="replace")
    content: dict[str, Any] = {
        "Message": f'Received {answer.side} error ({answer.status}) from {variant} with message "{text}". '
        "See the CloudWatch logs of this endpoint for more information.",
        "OriginalStatusCode": answer.status,
        "OriginalMessage": text,
    }
    headers = {"Content-Type": "application/json", "x-amzn-errortype": "ModelError"}
    return 424, headers, json.dumps(content).encode()

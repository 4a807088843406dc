"""What a real-time endpoint is asked, and what becomes of its answer: files and notifications as SageMaker makes them of asynchronous ones.

So whoever stores answers, looks for lost ones or ends smoke tests knows one kind of them.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from atelier_ops.errors import EndpointUnavailableError, MissingObjectError
from atelier_ops.gateways.real_time import EndpointRefusedError, RealTimeEndpoints
from atelier_ops.gateways.storage import ObjectStore
from atelier_ops.gateways.topic import Topic
from contracts.layout import S3Uri

LONGEST_BUSY = 780
"""Seconds for which a busy endpoint is asked again: with the answer of the last time, less than a function may run."""

PAUSES = (1, 2, 4, 8, 15)
"""Seconds between two times; the last is repeated."""

BUSY = "InternalServerError: the endpoint was busy for too long"


@dataclass(frozen=True, kw_only=True)
class EndpointCall:
    """One request, whose body is ``body`` or lies at ``request``; its answer goes to ``output``, or what is said instead to ``failure``."""

    endpoint: str
    inference_id: str
    request: S3Uri
    output: S3Uri
    failure: S3Uri
    body: str = ""

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> "EndpointCall":
        """Out of the event that ``gateways.inference`` sends."""
        request, output, failure = (S3Uri.parse(event[name]) for name in ("request", "output", "failure"))
        name, endpoint = event["inference_id"], event["endpoint"]
        return cls(
            endpoint=endpoint,
            inference_id=name,
            request=request,
            output=output,
            failure=failure,
            body=event.get("body", ""),
        )


@dataclass(frozen=True, kw_only=True)
class EndpointCalling:
    """What asking needs. ``clock`` counts seconds, of which ``pause`` lets some pass."""

    media: ObjectStore
    endpoints: RealTimeEndpoints
    success: Topic
    error: Topic
    clock: Callable[[], float]
    pause: Callable[[float], None]


def carry_out(asked: EndpointCall, dependencies: EndpointCalling) -> str:
    """Ask the endpoint, write its answer, and tell whoever waits for it; says what was done.

    Of a request that somebody dropped nothing is told. One that was carried out before, of which perhaps nobody was told, is told again.
    """
    name, media = asked.inference_id, dependencies.media
    if media.uploaded(asked.output.key) is None:
        try:
            answered = _answer(asked, dependencies)
        except MissingObjectError:
            return f"{name}: nobody waits for it"
        except EndpointRefusedError as error:
            return f"{name}: {_fail(asked, error, dependencies)}"
        media.write(asked.output.key, answered, "application/json")
    _tell(dependencies.success, asked, "Completed", {"responseParameters": {"outputLocation": str(asked.output)}})
    return f"{name}: answered"


def _answer(asked: EndpointCall, dependencies: EndpointCalling) -> bytes:
    """The endpoint's answer. Raises EndpointRefusedError, and MissingObjectError where nobody waits for it any more."""
    ends = dependencies.clock() + LONGEST_BUSY
    pauses = iter(PAUSES)
    while True:
        body = asked.body.encode() or dependencies.media.read(asked.request.key)
        try:
            return dependencies.endpoints.ask(asked.endpoint, body, asked.inference_id)
        except EndpointUnavailableError as error:
            if dependencies.clock() > ends:
                raise EndpointRefusedError(f"{BUSY}: {error}") from error
            dependencies.pause(next(pauses, PAUSES[-1]))


def _fail(asked: EndpointCall, error: EndpointRefusedError, dependencies: EndpointCalling) -> str:
    dependencies.media.write(asked.failure.key, (error.text or error.reason).encode(), "text/plain")
    where = {"responseParameters": {"failureLocation": str(asked.failure)}, "failureReason": error.reason}
    _tell(dependencies.error, asked, "Failed", where)
    return "refused"


def _tell(topic: Topic, asked: EndpointCall, status: str, more: Mapping[str, Any]) -> None:
    """https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-check-predictions.html, as far as anybody reads it."""
    notification = {
        "invocationStatus": status,
        "inferenceId": asked.inference_id,
        "eventName": "InferenceResult",
        **more,
    }
    topic.publish(f"InferenceResult {status}", json.dumps(notification))

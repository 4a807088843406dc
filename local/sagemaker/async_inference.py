"""Asynchronous inference: a queue for each endpoint, processed with bounded concurrency; answers go to S3, notifications to SNS."""

import contextlib
import json
import logging
import threading
from collections import deque

from local.clock import TurnedClock
from local.errors import AWS_ERRORS, ServiceError
from local.sagemaker.async_requests import AsyncRequest
from local.sagemaker.backend import Backend
from local.sagemaker.endpoints import EndpointService
from local.sagemaker.fleet import Fleet, Variant
from local.sagemaker.metrics import EndpointMetrics, Load
from local.sagemaker.serving import ModelAnswer, ModelServer, forwarded_headers
from local.sagemaker.store import Record
from local.sagemaker.transfer import encryption, split_uri

_LOG = logging.getLogger("local.async")
_DEFAULT_CONCURRENCY = 4
_DEFAULT_SECONDS = 900
_IDLE_SECONDS = 0.2


class InvocationError(Exception):
    """A request failed; `reason` is what the notification says, `body` what the failure object holds, `metric` what counts its kind."""

    def __init__(self, reason: str, body: bytes = b"", *, metric: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.body = body
        self.metric = metric


class ServerGoneError(Exception):
    """The server was replaced before the request reached it; another one will answer."""


class AsyncQueues:
    """The queues of all asynchronous endpoints.

    Each instance answers at most MaxConcurrentInvocationsPerInstance requests at a time; an endpoint without
    instances keeps its queue until it has some, or until a request's time to live is over.
    """

    def __init__(
        self, backend: Backend, endpoints: EndpointService, metrics: EndpointMetrics, clock: TurnedClock
    ) -> None:
        self._backend, self._endpoints, self._metrics, self._clock = backend, endpoints, metrics, clock
        self._waiting: dict[str, deque[AsyncRequest]] = {}
        self._handed_out: dict[str, list[AsyncRequest]] = {}
        self._changed = threading.Condition()
        clock.every_minute(self._measure)
        threading.Thread(target=self._dispatch, name="async dispatch", daemon=True).start()

    def put(self, params: Record) -> AsyncRequest:
        """Queue a request. Raises ValidationError where the endpoint is not asynchronous or gets no input."""
        name = params["EndpointName"]
        config = self._endpoints.fleet(name).config.get("AsyncInferenceConfig")
        if config is None:
            raise ServiceError("ValidationError", f"Endpoint {name} does not support InvokeEndpointAsync API.")
        if ("InputLocation" in params) == ("Body" in params):
            raise ServiceError("ValidationError", "Exactly one of InputLocation and Body must be given.")
        request = AsyncRequest(params, config["OutputConfig"], queued=self._clock.monotonic())
        with self._changed:
            self._waiting.setdefault(name, deque()).append(request)
            self._changed.notify_all()
        return request

    def _dispatch(self) -> None:
        while True:
            with self._changed:
                for name in list(self._waiting):
                    self._hand_out(name)
                self._changed.wait(_IDLE_SECONDS)

    def _hand_out(self, name: str) -> None:
        """Give an endpoint's waiting requests to servers with room. The caller holds the lock."""
        queue = self._waiting[name]
        while queue:
            try:
                fleet = self._endpoints.fleet(name)
            except ServiceError:
                queue.clear()  # the endpoint was deleted, and its queue with it
                break
            room = self._room(fleet)
            if room is None and queue[0].expires > self._clock.monotonic():
                break
            request = queue.popleft()
            self._handed_out.setdefault(name, []).append(request)
            variant, server = room or (fleet.variants[0], None)
            if server:
                server.claimed += 1
            threading.Thread(target=self._work, args=(variant, server, request), daemon=True).start()

    def _room(self, fleet: Fleet) -> tuple[Variant, ModelServer] | None:
        """The least busy server that may be given one more request, or None."""
        client = fleet.config["AsyncInferenceConfig"].get("ClientConfig", {})
        limit = client.get("MaxConcurrentInvocationsPerInstance", _DEFAULT_CONCURRENCY)
        places = [(variant, server) for variant in fleet.variants for server in variant.servers]
        free = [(variant, server) for variant, server in places if server.claimed < limit]
        return min(free, key=lambda place: place[1].claimed, default=None)

    def _measure(self) -> None:
        """Publish how each endpoint's queue stands."""
        for name, fleet in self._endpoints.asynchronous():
            with self._changed:
                there = [*self._handed_out.get(name, []), *self._waiting.get(name, [])]
            oldest = max((self._clock.monotonic() - request.queued for request in there), default=0.0)
            self._metrics.measure(name, Load(variants=fleet.variants, requests=len(there), oldest_seconds=oldest))

    def _work(self, variant: Variant, server: ModelServer | None, request: AsyncRequest) -> None:
        role, region, waited = variant.plan.role, self._backend.region, self._clock.monotonic() - request.queued
        try:
            answer = self._answer(variant, server, request)
            where = {"contentType": answer.content_type, "outputLocation": request.output}
            message = request.notification("Completed", answer.body, region, **where)
        except ServerGoneError:
            with self._changed:
                self._waiting[request.params["EndpointName"]].appendleft(request)
            return
        except InvocationError as error:
            self._metrics.failed(variant, error.metric)
            self._keep_failure(role, request, error)
            where = {"failureLocation": request.failure} if request.failure else {}
            message = request.notification("Failed", error.body, region, **where)
            message["failureReason"] = error.reason
        finally:
            with self._changed:
                self._handed_out[request.params["EndpointName"]].remove(request)
                if server:
                    server.claimed -= 1
                self._changed.notify_all()
        if not self._notify(role, request, message):
            self._metrics.happened(variant, "NotificationFailures")
        self._metrics.answered(variant, waited=waited, took=self._clock.monotonic() - request.queued)

    def _answer(self, variant: Variant, server: ModelServer | None, request: AsyncRequest) -> ModelAnswer:
        if server is None or request.expires <= self._clock.monotonic():
            reason = "ClientError: Request expired in the queue before it could be processed."
            raise InvocationError(reason, metric="ExpiredRequests")
        with self._metrics.timed(variant, "RequestDownloadLatency"):
            body = self._input(variant.plan.role, request.params)
        with self._metrics.timed(variant, "ModelLatency"):
            answer = _post(server, request, body)
        self._metrics.responded(variant, answer.status)
        if answer.failed:
            raise _refusal(answer)
        with self._metrics.timed(variant, "ResponseUploadLatency"):
            self._write(variant.plan.role, request, request.output, answer.body, answer.content_type)
        return answer

    def _input(self, role: str, params: Record) -> bytes:
        if "Body" in params:
            return bytes(params["Body"])
        bucket, key = split_uri(params["InputLocation"])
        try:
            return bytes(self._backend.client("s3", role).get_object(Bucket=bucket, Key=key)["Body"].read())
        except AWS_ERRORS as error:
            reason = f"ClientError: Unable to download from {params['InputLocation']}: {error}"
            raise InvocationError(reason, metric="RequestDownloadFailures") from error

    def _write(self, role: str, request: AsyncRequest, uri: str, body: bytes, content_type: str) -> None:
        bucket, key = split_uri(uri)
        extra = {"ContentType": content_type, **encryption(request.config.get("KmsKeyId"))}
        try:
            self._backend.client("s3", role).put_object(Bucket=bucket, Key=key, Body=body, **extra)
        except AWS_ERRORS as error:
            reason = f"ClientError: Unable to upload to {uri}: {error}"
            raise InvocationError(reason, metric="ResponseUploadFailures") from error

    def _keep_failure(self, role: str, request: AsyncRequest, error: InvocationError) -> None:
        _LOG.warning("async request %s failed: %s", request.inference_id, error.reason)
        if request.failure:
            with contextlib.suppress(InvocationError):  # the notification still tells the first reason
                self._write(role, request, request.failure, error.body or error.reason.encode(), "text/plain")

    def _notify(self, role: str, request: AsyncRequest, message: Record) -> bool:
        """Tell the topic that wants to know; False where it could not be told."""
        topics = request.config.get("NotificationConfig", {})
        topic = topics.get("SuccessTopic" if message["invocationStatus"] == "Completed" else "ErrorTopic")
        try:
            if topic:
                self._backend.client("sns", role).publish(TopicArn=topic, Message=json.dumps(message))
        except AWS_ERRORS as error:
            _LOG.error("async request %s: no notification to %s: %s", request.inference_id, topic, error)
            return False
        return True


def _post(server: ModelServer, request: AsyncRequest, body: bytes) -> ModelAnswer:
    seconds = request.params.get("InvocationTimeoutSeconds", _DEFAULT_SECONDS)
    headers = forwarded_headers({**request.params, "InferenceId": request.inference_id})
    try:
        return server.invoke(body, headers, seconds=seconds)
    except TimeoutError as error:
        raise InvocationError(f"ClientError: Model did not respond within {seconds} seconds.") from error
    except OSError as error:
        if server.stopping:
            raise ServerGoneError from error
        raise InvocationError(f"InternalServerError: The model server cannot be reached: {error}") from error


def _refusal(answer: ModelAnswer) -> InvocationError:
    return InvocationError(
        f"ClientError: Received {answer.side} error ({answer.status}) from model. "
        "See the SageMaker Endpoint logs in your account for more information.",
        answer.body,
    )

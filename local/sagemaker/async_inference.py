"""Asynchronous inference: a queue for each endpoint, processed with bounded concurrency; answers go to S3, notifications to SNS."""

import contextlib
import json
import logging
import threading
import time
from collections import deque

from local.errors import AWS_ERRORS, ServiceError
from local.sagemaker.async_requests import AsyncRequest
from local.sagemaker.backend import Backend
from local.sagemaker.endpoints import EndpointService
from local.sagemaker.fleet import Fleet, Variant
from local.sagemaker.serving import ModelAnswer, ModelServer, forwarded_headers
from local.sagemaker.store import Record
from local.sagemaker.transfer import encryption, split_uri

_LOG = logging.getLogger("local.async")
_DEFAULT_CONCURRENCY = 4
_DEFAULT_SECONDS = 900
_IDLE_SECONDS = 0.2


class InvocationError(Exception):
    """A request failed; `reason` is what the notification says, `body` what the failure object holds."""

    def __init__(self, reason: str, body: bytes = b"") -> None:
        super().__init__(reason)
        self.reason = reason
        self.body = body


class ServerGoneError(Exception):
    """The server was replaced before the request reached it; another one will answer."""


class AsyncQueues:
    """The queues of all asynchronous endpoints.

    Each instance answers at most MaxConcurrentInvocationsPerInstance requests at a time; an endpoint without
    instances keeps its queue until it has some, or until a request's time to live is over.
    """

    def __init__(self, backend: Backend, endpoints: EndpointService) -> None:
        self._backend, self._endpoints = backend, endpoints
        self._waiting: dict[str, deque[AsyncRequest]] = {}
        self._changed = threading.Condition()
        threading.Thread(target=self._dispatch, name="async dispatch", daemon=True).start()

    def put(self, params: Record) -> AsyncRequest:
        """Queue a request. Raises ValidationError where the endpoint is not asynchronous or gets no input."""
        name = params["EndpointName"]
        config = self._endpoints.fleet(name).config.get("AsyncInferenceConfig")
        if config is None:
            raise ServiceError("ValidationError", f"Endpoint {name} does not support InvokeEndpointAsync API.")
        if ("InputLocation" in params) == ("Body" in params):
            raise ServiceError("ValidationError", "Exactly one of InputLocation and Body must be given.")
        request = AsyncRequest(params, config["OutputConfig"])
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
            if room is None and queue[0].expires > time.monotonic():
                break
            request = queue.popleft()
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

    def _work(self, variant: Variant, server: ModelServer | None, request: AsyncRequest) -> None:
        role, region = variant.plan.role, self._backend.region
        try:
            answer = self._answer(server, role, request)
            where = {"contentType": answer.content_type, "outputLocation": request.output}
            message = request.notification("Completed", answer.body, region, **where)
        except ServerGoneError:
            with self._changed:
                self._waiting[request.params["EndpointName"]].appendleft(request)
            return
        except InvocationError as error:
            self._keep_failure(role, request, error)
            where = {"failureLocation": request.failure} if request.failure else {}
            message = request.notification("Failed", error.body, region, **where)
            message["failureReason"] = error.reason
        finally:
            with self._changed:
                if server:
                    server.claimed -= 1
                self._changed.notify_all()
        self._notify(role, request, message)

    def _answer(self, server: ModelServer | None, role: str, request: AsyncRequest) -> ModelAnswer:
        if server is None or request.expires <= time.monotonic():
            raise InvocationError("ClientError: Request expired in the queue before it could be processed.")
        answer = _post(server, request, self._input(role, request.params))
        self._write(role, request, request.output, answer.body, answer.content_type)
        return answer

    def _input(self, role: str, params: Record) -> bytes:
        if "Body" in params:
            return bytes(params["Body"])
        bucket, key = split_uri(params["InputLocation"])
        try:
            return bytes(self._backend.client("s3", role).get_object(Bucket=bucket, Key=key)["Body"].read())
        except AWS_ERRORS as error:
            raise InvocationError(f"ClientError: Unable to download from {params['InputLocation']}: {error}") from error

    def _write(self, role: str, request: AsyncRequest, uri: str, body: bytes, content_type: str) -> None:
        bucket, key = split_uri(uri)
        extra = {"ContentType": content_type, **encryption(request.config.get("KmsKeyId"))}
        try:
            self._backend.client("s3", role).put_object(Bucket=bucket, Key=key, Body=body, **extra)
        except AWS_ERRORS as error:
            raise InvocationError(f"ClientError: Unable to upload to {uri}: {error}") from error

    def _keep_failure(self, role: str, request: AsyncRequest, error: InvocationError) -> None:
        _LOG.warning("async request %s failed: %s", request.inference_id, error.reason)
        if request.failure:
            with contextlib.suppress(InvocationError):  # the notification still tells the first reason
                self._write(role, request, request.failure, error.body or error.reason.encode(), "text/plain")

    def _notify(self, role: str, request: AsyncRequest, message: Record) -> None:
        topics = request.config.get("NotificationConfig", {})
        topic = topics.get("SuccessTopic" if message["invocationStatus"] == "Completed" else "ErrorTopic")
        if not topic:
            return
        try:
            self._backend.client("sns", role).publish(TopicArn=topic, Message=json.dumps(message))
        except AWS_ERRORS as error:
            _LOG.error("async request %s: no notification to %s: %s", request.inference_id, topic, error)


def _post(server: ModelServer, request: AsyncRequest, body: bytes) -> ModelAnswer:
    seconds = request.params.get("InvocationTimeoutSeconds", _DEFAULT_SECONDS)
    headers = forwarded_headers({**request.params, "InferenceId": request.inference_id})
    try:
        answer = server.invoke(body, headers, seconds=seconds)
    except TimeoutError as error:
        raise InvocationError(f"ClientError: Model did not respond within {seconds} seconds.") from error
    except OSError as error:
        if server.stopping:
            raise ServerGoneError from error
        raise InvocationError(f"InternalServerError: The model server cannot be reached: {error}") from error
    if answer.failed:
        raise InvocationError(
            f"ClientError: Received {answer.side} error ({answer.status}) from model. "
            "See the SageMaker Endpoint logs in your account for more information.",
            answer.body,
        )
    return answer

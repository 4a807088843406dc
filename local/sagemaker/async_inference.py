"""Asynchronous inference: a queue for each endpoint, worked off with bounded concurrency; S3 in and out, SNS after."""

import contextlib
import json
import logging
import threading
import time
from collections import deque

from botocore.exceptions import BotoCoreError, ClientError

from local.errors import ServiceError
from local.sagemaker.async_requests import Queued, notification, queued, response_body
from local.sagemaker.backend import Backend
from local.sagemaker.endpoints import Endpoints
from local.sagemaker.fleet import Fleet, Variant
from local.sagemaker.serving import Answer, ModelServer, forwarded_headers
from local.sagemaker.store import Record
from local.sagemaker.transfer import split_uri

_LOG = logging.getLogger("local.async")
_DEFAULT_CONCURRENCY = 4
_DEFAULT_SECONDS = 900
_IDLE_SECONDS = 0.2
_SUCCESS = 300
_SERVER_ERROR = 500


class InvocationError(Exception):
    """A request failed; `reason` is what the notification says, `body` what the failure object holds."""

    def __init__(self, reason: str, body: bytes) -> None:
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

    def __init__(self, backend: Backend, endpoints: Endpoints) -> None:
        self._backend, self._endpoints = backend, endpoints
        self._waiting: dict[str, deque[Queued]] = {}
        self._busy: dict[ModelServer, int] = {}
        self._changed = threading.Condition()
        threading.Thread(target=self._dispatch, name="async dispatch", daemon=True).start()

    def put(self, params: Record) -> Queued:
        """Queue a request. Raises ValidationError where the endpoint is not asynchronous or gets no input."""
        name = params["EndpointName"]
        config = self._endpoints.fleet(name).config.get("AsyncInferenceConfig")
        if config is None:
            raise ServiceError("ValidationError", f"Endpoint {name} does not support InvokeEndpointAsync API.")
        if ("InputLocation" in params) == ("Body" in params):
            raise ServiceError("ValidationError", "Exactly one of InputLocation and Body must be given.")
        item = queued(params, config["OutputConfig"])
        with self._changed:
            self._waiting.setdefault(name, deque()).append(item)
            self._changed.notify_all()
        return item

    def _dispatch(self) -> None:
        while True:
            with self._changed:
                given = sum(self._hand_out(name) for name in list(self._waiting))
                if not given:
                    self._changed.wait(_IDLE_SECONDS)

    def _hand_out(self, name: str) -> int:
        """Give an endpoint's waiting requests to servers with room; how many were given. Holds the lock."""
        queue, given = self._waiting[name], 0
        while queue:
            try:
                fleet = self._endpoints.fleet(name)
            except ServiceError:
                queue.clear()  # the endpoint was deleted, and its queue with it
                break
            place = self._room(fleet)
            if place is None and queue[0].expires > time.monotonic():
                break
            item = queue.popleft()
            variant, server = place or (fleet.variants[0], None)
            if server:
                self._busy[server] = self._busy.get(server, 0) + 1
            given += 1
            threading.Thread(target=self._work, args=(fleet, variant, server, item), daemon=True).start()
        return given

    def _room(self, fleet: Fleet) -> tuple[Variant, ModelServer] | None:
        client = fleet.config["AsyncInferenceConfig"].get("ClientConfig", {})
        limit = client.get("MaxConcurrentInvocationsPerInstance", _DEFAULT_CONCURRENCY)
        free = [
            (self._busy.get(server, 0), index, variant, server)
            for index, variant in enumerate(fleet.variants)
            for server in variant.servers
            if self._busy.get(server, 0) < limit
        ]
        return min(free, key=lambda entry: entry[:2])[2:] if free else None

    def _work(self, fleet: Fleet, variant: Variant, server: ModelServer | None, item: Queued) -> None:
        role = variant.plan.role
        try:
            message = self._answer(server, role, item, fleet.config["AsyncInferenceConfig"])
        except ServerGoneError:
            with self._changed:
                self._waiting[item.params["EndpointName"]].appendleft(item)
            return
        except InvocationError as error:
            message = self._fail(role, item, error, fleet.config["AsyncInferenceConfig"])
        finally:
            if server:
                with self._changed:
                    self._busy[server] -= 1
                    if not self._busy[server]:
                        del self._busy[server]
                    self._changed.notify_all()
        self._notify(role, fleet.config["AsyncInferenceConfig"], message)

    def _answer(self, server: ModelServer | None, role: str, item: Queued, config: Record) -> Record:
        if server is None or item.expires <= time.monotonic():
            raise InvocationError("ClientError: Request expired in the queue before it could be processed.", b"")
        body = self._input(role, item.params)
        answer = _post(server, item, body)
        output = config["OutputConfig"]
        self._write(role, item.output, answer.body, answer.content_type, output.get("KmsKeyId"))
        message = notification(item, "Completed", self._backend.region)
        message["responseParameters"] = {"contentType": answer.content_type, "outputLocation": item.output}
        if "SUCCESS_NOTIFICATION_TOPIC" in output.get("NotificationConfig", {}).get("IncludeInferenceResponseIn", []):
            message["responseBody"] = response_body(answer.body)
        return message

    def _input(self, role: str, params: Record) -> bytes:
        if "Body" in params:
            body: bytes = params["Body"]
            return body
        bucket, key = split_uri(params["InputLocation"])
        try:
            read: bytes = self._backend.client("s3", role).get_object(Bucket=bucket, Key=key)["Body"].read()
        except (ClientError, BotoCoreError, ServiceError) as error:
            raise InvocationError(
                f"ClientError: Unable to download from {params['InputLocation']}: {error}", b""
            ) from error
        return read

    def _write(self, role: str, uri: str, body: bytes, content_type: str, key_id: str | None) -> None:
        bucket, key = split_uri(uri)
        encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key_id} if key_id else {}
        try:
            s3 = self._backend.client("s3", role)
            s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType=content_type, **encryption)
        except (ClientError, BotoCoreError, ServiceError) as error:
            raise InvocationError(f"ClientError: Unable to upload to {uri}: {error}", b"") from error

    def _fail(self, role: str, item: Queued, error: InvocationError, config: Record) -> Record:
        _LOG.warning("async request %s failed: %s", item.inference_id, error.reason)
        output = config["OutputConfig"]
        if item.failure:
            with contextlib.suppress(InvocationError):  # the notification still tells the first reason
                self._write(
                    role, item.failure, error.body or error.reason.encode(), "text/plain", output.get("KmsKeyId")
                )
        message = {**notification(item, "Failed", self._backend.region), "failureReason": error.reason}
        if item.failure:
            message["responseParameters"] = {"failureLocation": item.failure}
        if "ERROR_NOTIFICATION_TOPIC" in output.get("NotificationConfig", {}).get("IncludeInferenceResponseIn", []):
            message["responseBody"] = response_body(error.body)
        return message

    def _notify(self, role: str, config: Record, message: Record) -> None:
        topics = config["OutputConfig"].get("NotificationConfig", {})
        topic = topics.get("SuccessTopic" if message["invocationStatus"] == "Completed" else "ErrorTopic")
        if not topic:
            return
        try:
            self._backend.client("sns", role).publish(TopicArn=topic, Message=json.dumps(message))
        except (ClientError, BotoCoreError, ServiceError) as error:
            _LOG.error("async request %s: no notification to %s: %s", message["inferenceId"], topic, error)


def _post(server: ModelServer, item: Queued, body: bytes) -> Answer:
    params, seconds = item.params, item.params.get("InvocationTimeoutSeconds", _DEFAULT_SECONDS)
    headers = {**forwarded_headers(params), "X-Amzn-SageMaker-Inference-Id": item.inference_id}
    try:
        answer = server.invoke(body, headers, seconds=seconds)
    except TimeoutError as error:
        raise InvocationError(f"ClientError: Model did not respond within {seconds} seconds.", b"") from error
    except OSError as error:
        if server.stopping:
            raise ServerGoneError from error
        raise InvocationError(f"InternalServerError: The model server cannot be reached: {error}", b"") from error
    if answer.status >= _SUCCESS:
        side = "client" if answer.status < _SERVER_ERROR else "server"
        raise InvocationError(
            f"ClientError: Received {side} error ({answer.status}) from model. "
            "See the SageMaker Endpoint logs in your account for more information.",
            answer.body,
        )
    return answer

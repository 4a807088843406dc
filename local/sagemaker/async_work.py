"""What becomes of one asynchronous request: its input is fetched, a server answers, the answer goes to S3, a notification to SNS."""

import contextlib
import json
import logging
from dataclasses import dataclass

from local.errors import AWS_ERRORS, INTERNAL_ERROR
from local.sagemaker.async_requests import AsyncRequest
from local.sagemaker.backend import Backend
from local.sagemaker.fleet import Variant
from local.sagemaker.invocation import ModelAnswer, NotTakenError, forwarded_headers
from local.sagemaker.metrics import EndpointMetrics
from local.sagemaker.serving import ModelServer
from local.sagemaker.store import Record
from local.sagemaker.transfer import encryption, split_uri

_LOG = logging.getLogger("local.async")
_DEFAULT_SECONDS = 900


class InvocationError(Exception):
    """A request failed; `reason` is what the notification says, `body` what the failure object holds, `metric` what counts its kind."""

    def __init__(self, reason: str, body: bytes = b"", *, metric: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.body = body
        self.metric = metric


class ServerGoneError(Exception):
    """The server did not take the request, or was replaced while it answered, or nobody can say: it has to wait again."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a request is answered; no server is for one that waited for too long."""

    variant: Variant
    server: ModelServer | None


class AsyncWork:
    """Carries out requests and tells how they ended. Safe to use from many threads."""

    def __init__(self, backend: Backend, metrics: EndpointMetrics) -> None:
        self._backend, self._metrics = backend, metrics

    def carry_out(self, place: Place, request: AsyncRequest) -> Record:
        """Answer a request in S3; the notification of how that ended. Raises ServerGoneError where it has to wait again."""
        role, region = place.variant.plan.role, self._backend.region
        try:
            answer = self._answer(place, request)
        except ServerGoneError:
            raise
        except Exception as error:  # noqa: BLE001  the edge of this thread: every request must end, also by our mistake
            failure = _as_failure(error)
            self._metrics.failed(place.variant, failure.metric)
            self._keep_failure(role, request, failure)
            where = {"failureLocation": request.failure} if request.failure else {}
            message = request.notification("Failed", failure.body, region, **where)
            return {**message, "failureReason": failure.reason}
        return self._completed(request, answer.body, answer.content_type)

    def finished_before(self, request: AsyncRequest) -> Record | None:
        """The notification of an answer that an earlier process wrote and did not tell; None where there is no answer.

        Raises ServerGoneError where that cannot be known now: a model must not run twice for it.
        """
        bucket, key = split_uri(request.output)
        s3 = self._backend.root("s3")
        try:
            found = s3.get_object(Bucket=bucket, Key=key)
            body, content_type = bytes(found["Body"].read()), found["ContentType"]
        except (s3.exceptions.NoSuchKey, s3.exceptions.NoSuchBucket):
            return None
        except AWS_ERRORS as error:
            raise ServerGoneError from error
        return self._completed(request, body, content_type)

    def notify(self, variant: Variant, request: AsyncRequest) -> None:
        """Send a request's message to the topic that wants it, if there is one; that it could not be told is counted, and no more."""
        message = request.message or {}
        topics = request.config.get("NotificationConfig", {})
        topic = topics.get("SuccessTopic" if message.get("invocationStatus") == "Completed" else "ErrorTopic")
        try:
            if topic:
                self._backend.client("sns", variant.plan.role).publish(TopicArn=topic, Message=json.dumps(message))
        except AWS_ERRORS as error:
            _LOG.error("async request %s: no notification to %s: %s", request.inference_id, topic, error)
            self._metrics.happened(variant, "NotificationFailures")

    def _completed(self, request: AsyncRequest, body: bytes, content_type: str) -> Record:
        where = {"contentType": content_type, "outputLocation": request.output}
        return request.notification("Completed", body, self._backend.region, **where)

    def _answer(self, place: Place, request: AsyncRequest) -> ModelAnswer:
        variant, role = place.variant, place.variant.plan.role
        if place.server is None:
            reason = "ClientError: Request expired in the queue before it could be processed."
            raise InvocationError(reason, metric="ExpiredRequests")
        with self._metrics.timed(variant, "RequestDownloadLatency"):
            body = self._input(role, request.params)
        with self._metrics.timed(variant, "ModelLatency"):
            answer = _post(place.server, request, body)
        self._metrics.responded(variant, answer.status)
        if answer.failed:
            raise _refusal(answer)
        with self._metrics.timed(variant, "ResponseUploadLatency"):
            self._write(role, request, request.output, answer.body, answer.content_type)
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


def _post(server: ModelServer, request: AsyncRequest, body: bytes) -> ModelAnswer:
    seconds = request.params.get("InvocationTimeoutSeconds", _DEFAULT_SECONDS)
    headers = forwarded_headers({**request.params, "InferenceId": request.inference_id})
    try:
        return server.invoke(body, headers, seconds=seconds)
    except TimeoutError as error:
        raise InvocationError(f"ClientError: Model did not respond within {seconds} seconds.") from error
    except OSError as error:
        if server.stopping or isinstance(error, NotTakenError):
            raise ServerGoneError from error
        # It may have been carried out: AWS says of its router that a request does not move after the model has started with it.
        raise InvocationError(f"InternalServerError: The model server ended before it answered: {error}") from error


def _as_failure(error: Exception) -> InvocationError:
    if isinstance(error, InvocationError):
        return error
    _LOG.error("async request", exc_info=error)
    return InvocationError(INTERNAL_ERROR)


def _refusal(answer: ModelAnswer) -> InvocationError:
    return InvocationError(
        f"ClientError: Received {answer.side} error ({answer.status}) from model. "
        "See the SageMaker Endpoint logs in your account for more information.",
        answer.body,
    )

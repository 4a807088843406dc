"""Model servers: a variant's container as a process, with its model data, pinged until healthy, restarted if it dies."""

import contextlib
import http.client
import logging
import shutil
import threading
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

from local.errors import AWS_ERRORS, ServiceError, validation_error
from local.sagemaker.backend import Backend
from local.sagemaker.capacity import ENDPOINT_SHORTAGE, instance_types
from local.sagemaker.containers import Container, ContainerSpec, free_port
from local.sagemaker.images import ImageRegistry
from local.sagemaker.store import Record
from local.sagemaker.transfer import download, fetch, split_uri

_LOG = logging.getLogger("local.serving")
PORT_VARIABLE = "SAGEMAKER_BIND_TO_PORT"
_PING_SECONDS = 2.0  # SageMaker's own limit for one answer to /ping
_PING_PAUSE_SECONDS = 0.1
# Default of ContainerStartupHealthCheckTimeoutInSeconds here; SageMaker's depends on the image.
_STARTUP_SECONDS = 600.0
_STOP_SECONDS = 30.0  # an endpoint's containers get 30 s, not a job's 120
_RESTART_PAUSE_SECONDS = 1.0
_DRAIN_SECONDS = 60.0  # for requests that are still being answered when a server is replaced
_ATTRIBUTES_HEADER = "X-Amzn-SageMaker-Custom-Attributes"
_FORWARDED = {
    "ContentType": "Content-Type",
    "Accept": "Accept",
    "CustomAttributes": _ATTRIBUTES_HEADER,
    "InferenceId": "X-Amzn-SageMaker-Inference-Id",
}


class EndpointFailureError(Exception):
    """A variant could not be started; the text is the endpoint's FailureReason."""


@dataclass(frozen=True, kw_only=True)
class ModelAnswer:
    """A model server's HTTP answer."""

    status: int
    content_type: str
    body: bytes
    custom_attributes: str | None = None

    @property
    def failed(self) -> bool:
        """Whether the server did not answer with success."""
        return self.status >= http.HTTPStatus.MULTIPLE_CHOICES

    @property
    def side(self) -> str:
        """Whose error it is, in SageMaker's words."""
        return "client" if self.status < http.HTTPStatus.INTERNAL_SERVER_ERROR else "server"


@dataclass(frozen=True, kw_only=True)
class ServerPlan:
    """One variant of an endpoint: the production variant's record, its model's container and the model's role."""

    endpoint: str
    variant: Record
    container: Record
    role: str
    folder: Path

    @property
    def name(self) -> str:
        """The variant's name."""
        return str(self.variant["VariantName"])


class ModelServer:
    """One instance of a variant."""

    def __init__(self, backend: Backend, images: ImageRegistry, plan: ServerPlan) -> None:
        self._backend, self._images, self.plan = backend, images, plan
        self._root = plan.folder / f"{plan.name}-{uuid.uuid4().hex[:8]}"
        self._stopping = threading.Event()
        self._died = threading.Event()
        self._healthy = False
        self._answering = 0
        self.claimed = 0  # asynchronous requests that it has been handed
        self.instance_type = ""  # chosen when it starts: the first of the variant's types that there is
        self._idle = threading.Condition()
        self._container: Container | None = None
        self.port = 0

    def start(self) -> None:
        """Fetch the model, start the container and wait until /ping answers 200.

        Raises EndpointFailureError with SageMaker's words if the data cannot be had or the server never gets healthy.
        """
        there = [name for name in instance_types(self.plan.variant) if self._backend.faults.available(name)]
        if not there:
            raise EndpointFailureError(ENDPOINT_SHORTAGE)
        self.instance_type = there[0]
        try:
            self._load_model()
        except (*AWS_ERRORS, OSError) as error:
            raise EndpointFailureError(
                f'Failed to download model data for container "container_1" of variant {self.plan.name}. Please ensure '
                f"that there is an object located at the URL and that the role passed to CreateModel has permissions to "
                f"download the model: {error}",
            ) from error
        self._launch()
        limit = self.plan.variant.get("ContainerStartupHealthCheckTimeoutInSeconds", _STARTUP_SECONDS)
        if not self._wait_healthy(limit):
            self.stop()
            _LOG.warning("endpoint %s: not healthy; its output: %s", self.plan.endpoint, self._root / "output.log")
            raise EndpointFailureError(
                f"The primary container for production variant {self.plan.name} did not pass the ping health check. "
                "Please check CloudWatch logs for this endpoint.",
            )

    @property
    def stopping(self) -> bool:
        """Whether `stop` has been called."""
        return self._stopping.is_set()

    def stop(self, *, drain: bool = False) -> None:
        """SIGTERM, then SIGKILL; returns when the process has ended. `drain` waits first until it answers no request any more."""
        if drain:
            with self._idle:
                self._idle.wait_for(lambda: self._answering == 0, timeout=_DRAIN_SECONDS)
        self._stopping.set()
        if self._container:
            self._container.stop(_STOP_SECONDS)
        shutil.rmtree(self._root / "opt" / "ml" / "model", ignore_errors=True)

    def invoke(self, body: bytes, headers: dict[str, str], *, seconds: float) -> ModelAnswer:
        """POST /invocations. Raises TimeoutError after `seconds`, ConnectionError where no server answers."""
        self._count(1)
        try:
            return self._exchange("POST", "/invocations", seconds, body, headers)
        finally:
            self._count(-1)

    def _exchange(
        self, method: str, path: str, seconds: float, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> ModelAnswer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            answer = connection.getresponse()
            return ModelAnswer(
                status=answer.status,
                content_type=answer.headers.get("Content-Type", "application/octet-stream"),
                body=answer.read(),
                custom_attributes=answer.headers.get(_ATTRIBUTES_HEADER),
            )
        except http.client.HTTPException as error:
            raise ConnectionError(f"{type(error).__name__}: {error}") from error
        finally:
            connection.close()

    def _count(self, change: int) -> None:
        with self._idle:
            self._answering += change
            self._idle.notify_all()

    def _load_model(self) -> None:
        s3, folder = self._backend.client("s3", self.plan.role), self._root / "opt" / "ml" / "model"
        folder.mkdir(parents=True, exist_ok=True)
        source = model_source(self.plan.container)
        if source is None:
            return
        uri = source["S3Uri"]
        if source["S3DataType"] == "S3Prefix":
            if not download(s3, uri, folder):
                raise ServiceError("ValidationException", f"Could not find model data at {uri}.")
            return
        bucket, key = split_uri(uri)
        if source["CompressionType"] != "Gzip":
            fetch(s3, bucket, key, folder / key.rsplit("/", 1)[-1])
            return
        archive = folder.parent / "model.tar.gz"
        fetch(s3, bucket, key, archive)
        shutil.unpack_archive(archive, folder, filter="data")
        archive.unlink()

    def _launch(self) -> None:
        self.port = free_port()
        image = self._images.resolve(self.plan.container["Image"])
        environment = {
            **self._backend.process_environment(self.plan.role),
            **self.plan.container.get("Environment", {}),
            PORT_VARIABLE: str(self.port),
        }
        command = image.command(None, ["serve"])
        spec = ContainerSpec(
            image=image,
            command=command,
            environment=environment,
            root=self._root,
            log_group=f"/aws/sagemaker/Endpoints/{self.plan.endpoint}",
            log_stream=f"{self.plan.name}/i-{self._root.name.rsplit('-', 1)[-1]}",
        )
        self._died.clear()
        self._container = Container(spec, self._backend.client("logs", self.plan.role))
        self._container.start(on_exit=self._on_exit)

    def _wait_healthy(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not self._stopping.is_set():
            if self._ping():
                self._healthy = True
                return True
            # A server that exits fails at once: SageMaker would restart it until the limit and then say the same.
            if self._died.wait(_PING_PAUSE_SECONDS):
                return False
        return False

    def _ping(self) -> bool:
        try:
            return self._exchange("GET", "/ping", _PING_SECONDS).status == http.HTTPStatus.OK
        except OSError:
            return False

    def _on_exit(self, code: int) -> None:
        self._died.set()
        if not self._healthy or self._stopping.wait(_RESTART_PAUSE_SECONDS):
            return
        server = f"endpoint {self.plan.endpoint}: the server of {self.plan.name}"
        _LOG.warning("%s ended with exit code %d; restarting", server, code)
        with contextlib.suppress(OSError, ServiceError):
            self._launch()


def require_slash(source: Record) -> None:
    """Raise ValidationException for a prefix that does not end in a slash (service model: S3ModelDataSource.S3DataType)."""
    if source["S3DataType"] == "S3Prefix" and not source["S3Uri"].endswith("/"):
        raise validation_error(
            f"S3Uri of an S3Prefix: got {source['S3Uri']!r}; allowed: a prefix that ends with a slash"
        )


def model_source(container: Record) -> Record | None:
    """Where a container's model data is, in the shape of S3DataSource: (S3Uri, S3DataType, CompressionType)."""
    source: Record | None = container.get("ModelDataSource", {}).get("S3DataSource")
    if source is None and "ModelDataUrl" in container:
        return {"S3Uri": container["ModelDataUrl"], "S3DataType": "S3Object", "CompressionType": "Gzip"}
    return source


def forwarded_headers(params: Record) -> dict[str, str]:
    """The headers a container gets from an invocation."""
    headers = {"Content-Type": "application/octet-stream", "Accept": "*/*"}
    return headers | {_FORWARDED[name]: value for name, value in params.items() if name in _FORWARDED}

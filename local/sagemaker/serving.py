"""Model servers: a variant's container as a process, with its model data, pinged for as long as it serves, restarted if it dies."""

import contextlib
import http
import logging
import shutil
import threading
import time
import uuid
from collections.abc import Iterator
from enum import StrEnum
from functools import partial

from local.clients import WaitingClient
from local.errors import AWS_ERRORS
from local.sagemaker.backend import Backend
from local.sagemaker.capacity import ENDPOINT_SHORTAGE, instance_types
from local.sagemaker.containers import Container, free_port
from local.sagemaker.images import ImageRegistry
from local.sagemaker.invocation import Exchange, ModelAnswer, NotTakenError
from local.sagemaker.model_data import load_model
from local.sagemaker.server_plans import ServerPlan
from local.sagemaker.store import Record

_LOG = logging.getLogger("local.serving")
PORT_VARIABLE = "SAGEMAKER_BIND_TO_PORT"
_PING_SECONDS = 2.0  # SageMaker's own limit for one answer to /ping
_PING_PAUSE_SECONDS = 0.1  # between two pings of a server that starts
_LOOK_SECONDS = 1.0  # between two pings of a server that serves
_SILENT_SECONDS = 120.0  # how long a process may live without an answer to /ping before it is replaced
# Default of ContainerStartupHealthCheckTimeoutInSeconds here; SageMaker's depends on the image.
_STARTUP_SECONDS = 600.0
_STOP_SECONDS = 30.0  # an endpoint's containers get 30 s, not a job's 120
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 1.0, 30.0  # before a restart; doubled for each that did not help


class EndpointFailureError(Exception):
    """A variant could not be started; the text is the endpoint's FailureReason."""


class Health(StrEnum):
    """What is known of a server; only a healthy one is given requests."""

    STARTING = "starting"
    HEALTHY = "healthy"
    SILENT = "silent"
    """Its process lives, and /ping is not answered with 200."""
    RESTARTING = "restarting"
    STOPPED = "stopped"


class ModelServer:
    """One instance of a variant."""

    def __init__(self, backend: Backend, images: ImageRegistry, plan: ServerPlan) -> None:
        self._backend, self._images, self.plan = backend, images, plan
        self._root = plan.folder / f"{plan.name}-{uuid.uuid4().hex[:8]}"
        self._stopping = threading.Event()
        self._died = threading.Event()
        self._look = threading.Event()  # whoever waits for the next ping is to look now
        self._launching = threading.Lock()
        self._keeper = threading.Thread(target=self._keep, name=f"keep {self._root.name}", daemon=True)
        self._loaded = False
        self._answering = 0
        self._idle = threading.Condition()
        self._container: Container | None = None
        self.health = Health.STARTING
        self.restarts = 0  # in a row, without one answer to a request
        self.claimed = 0  # requests that it has been handed
        self.instance_type = instance_types(plan.variant)[
            0
        ]  # when it starts: the first of the variant's types that there is
        self.port = 0

    def __str__(self) -> str:
        return f"endpoint {self.plan.endpoint}: the server {self._root.name}"

    def start(self) -> None:
        """Fetch the model, start the container and wait until /ping answers 200; from then on a thread keeps it running.

        Raises EndpointFailureError with SageMaker's words if the data cannot be had or the server never gets healthy.
        """
        self._load()
        self._launch()
        if not self._wait_healthy():
            self.stop()
            _LOG.warning("%s: not healthy; its output: %s", self, self._root / "output.log")
            raise EndpointFailureError(
                f"The primary container for production variant {self.plan.name} did not pass the ping health check. "
                "Please check CloudWatch logs for this endpoint.",
            )
        self._keeper.start()

    def start_again(self) -> None:
        """Start what an earlier process ran, in a thread: it is healthy sooner or later, however often that fails."""
        self._died.set()
        self._keeper.start()

    @property
    def ready(self) -> bool:
        """Whether it may be given a request."""
        return self.health is Health.HEALTHY

    @property
    def stopping(self) -> bool:
        """Whether `stop` has been called."""
        return self._stopping.is_set()

    def stop(self, *, drain: bool = False) -> None:
        """SIGTERM, then SIGKILL; returns when the process has ended. `drain` waits first until it answers no request any more."""
        if drain:
            with self._idle:
                self._idle.wait_for(lambda: self._answering == 0)  # each request has a time limit of its own
        self._stopping.set()
        self._look.set()
        with self._launching:
            self.health = Health.STOPPED
            if self._container:
                self._container.stop(_STOP_SECONDS)
        shutil.rmtree(self._root / "opt" / "ml" / "model", ignore_errors=True)

    def invoke(
        self, body: bytes, headers: dict[str, str], *, seconds: float, client: WaitingClient | None = None
    ) -> ModelAnswer:
        """POST /invocations, for as long as the client waits.

        Raises as Exchange.run; after NotTakenError the server is given nothing before it answers /ping again.
        """
        with self._counted():
            exchange = Exchange(self.port, seconds=seconds)
            if client:
                client.when_left(exchange.end)
            try:
                answer = exchange.run("POST", "/invocations", body, headers)
            except NotTakenError:
                self._fall_silent()
                raise
        if not answer.failed:
            self.restarts = 0
        return answer

    def shown(self) -> Record:
        """How it is."""
        names = {"endpoint": self.plan.endpoint, "variant": self.plan.name, "folder": str(self._root)}
        process = {"port": self.port, "pid": self._container.pid if self._container else None}
        return {**names, **process, "health": self.health, "restarts": self.restarts, "answering": self._answering}

    @contextlib.contextmanager
    def _counted(self) -> Iterator[None]:
        self._count(1)
        try:
            yield
        finally:
            self._count(-1)

    def _count(self, change: int) -> None:
        with self._idle:
            self._answering += change
            self._idle.notify_all()

    def _load(self) -> None:
        """Choose the machine and fetch the model, once. Raises EndpointFailureError in SageMaker's words."""
        if self._loaded:
            return
        there = [name for name in instance_types(self.plan.variant) if self._backend.faults.available(name)]
        if not there:
            raise EndpointFailureError(ENDPOINT_SHORTAGE)
        self.instance_type = there[0]
        try:
            s3 = self._backend.client("s3", self.plan.role)
            load_model(s3, self.plan.container, self._root / "opt" / "ml" / "model")
        except (*AWS_ERRORS, OSError) as error:
            raise EndpointFailureError(
                f'Failed to download model data for container "container_1" of variant {self.plan.name}. Please ensure '
                f"that there is an object located at the URL and that the role passed to CreateModel has permissions to "
                f"download the model: {error}",
            ) from error
        self._loaded = True

    def _launch(self) -> None:
        with self._launching:
            if self.stopping:
                return
            if self._container:
                self._container.kill()  # one that was silent lives
            self.port = free_port()
            environment = {**self._backend.process_environment(self.plan.role), PORT_VARIABLE: str(self.port)}
            spec = self.plan.spec(self._images.resolve(self.plan.container["Image"]), self._root, environment)
            self._died.clear()
            container = self._container = Container(spec, self._backend.client("logs", self.plan.role))
            container.start(on_exit=partial(self._on_exit, container))

    def _on_exit(self, container: Container, code: int) -> None:
        if container is self._container:
            if not self.stopping:
                _LOG.warning("%s ended with exit code %d", self, code)
            self._died.set()
            self._fall_silent()

    def _fall_silent(self) -> None:
        """Give it nothing before its next answer to /ping, and ask for that now."""
        self.health = Health.SILENT
        self._look.set()

    def _wait_healthy(self) -> bool:
        """Wait for the first 200, as long as the variant says; what exits before that will not get healthy."""
        limit = self.plan.variant.get("ContainerStartupHealthCheckTimeoutInSeconds", _STARTUP_SECONDS)
        deadline = time.monotonic() + limit
        while time.monotonic() < deadline and not self.stopping:
            if self._ping():
                self.health = Health.HEALTHY
                return True
            # SageMaker would restart it until the limit and then say the same.
            if self._died.wait(_PING_PAUSE_SECONDS):
                return False
        return False

    def _ping(self) -> bool:
        try:
            return Exchange(self.port, seconds=_PING_SECONDS).run("GET", "/ping").status == http.HTTPStatus.OK
        except OSError:
            return False

    def _keep(self) -> None:
        """Until it is stopped: look whether it is healthy, and start it again when it is lost, as often as it takes."""
        while not self.stopping:
            self._wait_lost()
            while not self.stopping and not self._start_again():
                pass

    def _wait_lost(self) -> None:
        """Return when it is stopped, has died, or its process has been silent for too long."""
        heard = time.monotonic()
        while not self._died.is_set() and time.monotonic() - heard < _SILENT_SECONDS:
            self._look.wait(_LOOK_SECONDS)
            self._look.clear()
            if self.stopping:
                return
            if self._ping():
                heard, self.health = time.monotonic(), Health.HEALTHY
            else:
                self.health = Health.SILENT

    def _start_again(self) -> bool:
        """Start it once more, whether it is healthy then; after a pause, but for the first start of what an earlier process ran."""
        if self.health is not Health.STARTING:
            self.health = Health.RESTARTING
            pause = min(_FIRST_PAUSE_SECONDS * 2 ** min(self.restarts, 10), _LONGEST_PAUSE_SECONDS)
            self.restarts += 1
            _LOG.warning("%s is started again in %g s, time %d in a row", self, pause, self.restarts)
            if self._stopping.wait(pause):
                return False
        self.health = Health.RESTARTING
        try:
            self._load()
            self._launch()
        except (EndpointFailureError, *AWS_ERRORS, OSError) as error:
            _LOG.warning("%s: %s", self, error)
            return False
        return self._wait_healthy()

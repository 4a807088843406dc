"""Our side: the model server as its container runs it, a process of its own, asked over HTTP by many clients at once."""

import http.client
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.serve.spent import Spending
from local.sagemaker.dockerfile import read_dockerfile

START_SECONDS = 300
POLL_SECONDS = 0.05
IMAGE = Path("inference/Dockerfile")


@dataclass(frozen=True, kw_only=True)
class ServedAnswer:
    """An answer, and the seconds from the request to its last byte."""

    status: int
    body: Mapping[str, Any]
    seconds: float


@dataclass(frozen=True, kw_only=True)
class ServedLoad:
    """What a load came to: CPU seconds of the server alone, wall seconds, and each answer in the order of the requests."""

    cpu: float
    wall: float
    answers: Sequence[ServedAnswer]

    @property
    def cpu_each(self) -> float:
        """CPU seconds a picture."""
        return self.cpu / len(self.answers)

    @property
    def wall_each(self) -> float:
        """Wall seconds a picture."""
        return self.wall / len(self.answers)


class RunningServer:
    """A model server that is up."""

    def __init__(self, port: int, process: "subprocess.Popen[bytes]") -> None:
        self._port = port
        self._own = threading.local()
        self.spending = Spending(process.pid)

    def ask(self, bodies: Sequence[Mapping[str, Any]], clients: int) -> ServedLoad:
        """Each of the clients asks for the next of the pictures as soon as it has one. Raises RuntimeError where one was refused."""
        with ThreadPoolExecutor(clients) as pool:
            list(pool.map(lambda _: self._connection(), range(clients)))
            cpu, start = self.spending.cpu(), time.perf_counter()
            answers = list(pool.map(self.one, bodies))
            load = ServedLoad(cpu=self.spending.cpu() - cpu, wall=time.perf_counter() - start, answers=answers)
        return load

    def one(self, body: Mapping[str, Any]) -> ServedAnswer:
        """One request."""
        start, connection = time.perf_counter(), self._connection()
        connection.request("POST", "/invocations", json.dumps(body), {"Content-Type": "application/json"})
        response = connection.getresponse()
        content = json.loads(response.read())
        if response.status != 200:
            raise RuntimeError(f"the server answered {response.status}: {content}")
        return ServedAnswer(status=response.status, body=content, seconds=time.perf_counter() - start)

    def _connection(self) -> http.client.HTTPConnection:
        if not hasattr(self._own, "connection"):
            self._own.connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=3_600)
        own: http.client.HTTPConnection = self._own.connection
        return own


@contextmanager
def running(root: Path, objects: str, log: Path, more: Mapping[str, str] | None = None) -> Iterator[RunningServer]:
    """The server of the model in ``root/model``, with styles and a segmenter from ``objects``; its log goes to a file.

    ``more`` is what its environment has besides.
    """
    port = free_port()
    with log.open("wb") as output:
        process = start(root, objects, port, output, more)
        try:
            wait_until_ready(process, port)
            yield RunningServer(port, process)
        finally:
            process.terminate()
            process.wait(60)


def start(
    root: Path, objects: str, port: int, output: Any, more: Mapping[str, str] | None = None
) -> "subprocess.Popen[bytes]":
    """Start it; it is not ready then."""
    own = {
        "ATELIER_ML_ROOT": str(root),
        "ATELIER_HOST": "127.0.0.1",
        "SAGEMAKER_BIND_TO_PORT": str(port),
        "ATELIER_SEGMENTER_URI": "s3://bench/clipseg/",
        "ATELIER_STYLES_URI": "s3://bench/styles/",
        "AWS_ENDPOINT_URL": objects,
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_DEFAULT_REGION": "us-east-1",
        "NO_PROXY": "127.0.0.1",
        **(more or {}),
    }
    image = {name: value for name, value in read_dockerfile(IMAGE).environment.items() if name != "PYTHONPATH"}
    command = [sys.executable, "-m", "atelier_inference", "serve"]
    return subprocess.Popen(command, env={**os.environ, **image, **own}, stdout=output, stderr=output)


def wait_until_ready(process: "subprocess.Popen[bytes]", port: int) -> None:
    """Return once ``/ping`` says that the model is loaded. Raises RuntimeError where it will not be."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/ping")
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        time.sleep(POLL_SECONDS)
    raise RuntimeError(f"the server was not ready after {START_SECONDS} s")


def free_port() -> int:
    """A port of this machine that nobody listens at."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port

"""A container as a process: its own root folder, environment and output; stopped as SageMaker stops containers."""

import contextlib
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from local.sagemaker.images import Image
from local.sagemaker.logs import LogStream
from local.sagemaker.warm import WarmProcess
from local.supervisor import kill

STOP_SECONDS = 120.0  # between SIGTERM and SIGKILL, as SageMaker gives
ML_ROOT_VARIABLE = "ATELIER_ML_ROOT"
_DRAIN_SECONDS = 5.0


@dataclass(frozen=True, kw_only=True)
class ContainerSpec:
    """What to run where. `root` becomes the container's file system: `/opt/ml` is `root/opt/ml`."""

    image: Image
    command: Sequence[str]
    environment: Mapping[str, str]
    root: Path
    log_group: str
    log_stream: str

    @property
    def ml(self) -> Path:
        """Where the container finds /opt/ml."""
        return self.root / "opt" / "ml"

    def place(self, path: str) -> Path:
        """Where an absolute path inside the container is on this machine."""
        return self.root / path.lstrip("/")


class Container:
    """One running container; `logs`, a client of CloudWatch Logs, takes its output.

    `on_line` sees each line, `on_exit` the exit code, in its own thread.
    """

    def __init__(self, spec: ContainerSpec, logs: Any) -> None:
        self.spec, self._logs = spec, logs
        self._process: subprocess.Popen[str] | WarmProcess | None = None

    @property
    def pid(self) -> int | None:
        """Its main process, once it was started."""
        return self._process.pid if self._process else None

    def start(self, *, on_exit: Callable[[int], None], on_line: Callable[[str], None] | None = None) -> None:
        """Start the process."""
        spec = self.spec
        for folder in (spec.ml, spec.root / "tmp", spec.root / "root"):
            folder.mkdir(parents=True, exist_ok=True)
        environment = {
            **spec.image.environment(spec.root),
            **spec.environment,
            "HOME": str(spec.root / "root"),
            "TMPDIR": str(spec.root / "tmp"),
            ML_ROOT_VARIABLE: str(spec.ml),
        }
        log = LogStream(self._logs, group=spec.log_group, stream=spec.log_stream, copy=spec.root / "output.log")
        warm = spec.image.warm and spec.image.warm.start(spec.command, environment, spec.root)
        process = self._process = warm or subprocess.Popen(
            spec.command,
            env=environment,
            cwd=spec.root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        name = f"container {spec.root.name}"
        threading.Thread(target=self._follow, args=(process, log, on_exit, on_line), name=name, daemon=True).start()

    def _follow(
        self, process: subprocess.Popen[str] | WarmProcess, log: LogStream, on_exit: Callable[[int], None],
        on_line: Callable[[str], None] | None,
    ) -> None:  # fmt: skip
        reader = threading.Thread(target=_read, args=(process, log, on_line), daemon=True)
        reader.start()
        code = process.wait()
        self.kill()  # a container ends with its main process; a forgotten child would also keep the pipe open
        reader.join(timeout=_DRAIN_SECONDS)
        log.close()
        on_exit(128 - code if code < 0 else code)  # a shell's way to say "ended by signal", as containers report it

    def terminate(self) -> None:
        """SIGTERM to the main process, as `docker stop` does."""
        if self._process:
            self._process.terminate()  # nothing, where it has ended

    def kill(self) -> None:
        """SIGKILL to the process, its descendants and its process group."""
        if self._process is None:
            return
        victims = []
        with contextlib.suppress(psutil.NoSuchProcess):
            victims = psutil.Process(self._process.pid).children(recursive=True)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        kill(victims)

    def stop(self, seconds: float = STOP_SECONDS) -> None:
        """SIGTERM, then SIGKILL after `seconds`; returns when the process has ended."""
        if self._process is None:
            return
        self.terminate()
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            self._process.wait()
        self.kill()  # whatever it left behind in its process group


def _read(process: subprocess.Popen[str] | WarmProcess, log: LogStream, on_line: Callable[[str], None] | None) -> None:
    assert process.stdout
    with process.stdout as output:
        for line in output:
            log.write(line.rstrip("\n"))
            if on_line:
                on_line(line)


def free_port() -> int:
    """A loopback port that nothing listens on at the moment."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def meeting_point() -> dict[str, str]:
    """Where the processes of a job meet on this machine, in torch's own variables: `algo-1` has no DNS name here.

    The port is the job's own, because two jobs may run at a time.
    """
    return {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port())}

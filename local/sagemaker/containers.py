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

import psutil

from local.sagemaker.images import Image
from local.sagemaker.logs import LogStream
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

    @property
    def ml(self) -> Path:
        """Where the container finds /opt/ml."""
        return self.root / "opt" / "ml"

    def place(self, path: str) -> Path:
        """Where an absolute path inside the container is on this machine."""
        return self.root / path.lstrip("/")


class Container:
    """One running container. `on_line` sees each line of its output, `on_exit` its exit code, in its own thread."""

    def __init__(self, spec: ContainerSpec, open_log: Callable[[], LogStream]) -> None:
        self.spec = spec
        self._open_log = open_log
        self._process: subprocess.Popen[str] | None = None

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
        log = self._open_log()
        self._process = subprocess.Popen(
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
        threading.Thread(
            target=self._follow, args=(log, on_exit, on_line), name=f"container {spec.root.name}", daemon=True
        ).start()

    def _follow(self, log: LogStream, on_exit: Callable[[int], None], on_line: Callable[[str], None] | None) -> None:
        process = self._process
        assert process is not None
        reader = threading.Thread(target=self._read, args=(log, on_line), daemon=True)
        reader.start()
        code = process.wait()
        self.kill()  # a container ends with its main process; a forgotten child would also keep the pipe open
        reader.join(timeout=_DRAIN_SECONDS)
        log.close()
        on_exit(128 - code if code < 0 else code)  # a shell's way to say "ended by signal", as containers report it

    def _read(self, log: LogStream, on_line: Callable[[str], None] | None) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        for line in self._process.stdout:
            log.write(line.rstrip("\n"))
            if on_line:
                on_line(line)

    @property
    def running(self) -> bool:
        """Whether the process was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def terminate(self) -> None:
        """SIGTERM to the main process, as `docker stop` does."""
        if self._process and self.running:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL to every process of the container."""
        if self._process is None:
            return
        kill_tree(self._process.pid)

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


def free_port() -> int:
    """A loopback port that nothing listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def kill_tree(pid: int) -> None:
    """SIGKILL to a process, its descendants and its process group."""
    victims = []
    with contextlib.suppress(psutil.NoSuchProcess):
        victims = psutil.Process(pid).children(recursive=True)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    kill(victims)

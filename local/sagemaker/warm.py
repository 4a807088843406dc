"""Starts containers by forking a process that has imported what they import, where there is one, and says so where that fails."""

import contextlib
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

_LOG = logging.getLogger("local.warm")
_SCRIPT = Path(__file__).with_name("warm_parent.py")
_OWN = ("AWS_", "ATELIER_", "TRAINING_JOB_", "PROCESSING_JOB_", "MASTER_", "HOME", "TMPDIR")
"""How the variables begin that differ between containers of one image, and that no library reads while it is imported."""

_ROOM = {"arguments": "." * 4096, "variables": "." * 16384}
"""What takes the place, in the first process, where the system shows with what the forked ones were started."""


class WarmProcess:
    """A process that another one has forked for us, with what is used here of ``subprocess.Popen``. `stdout` is its output and errors."""

    def __init__(self, pid: int, stdout: IO[str], told: IO[str]) -> None:
        self.pid, self.stdout, self._told = pid, stdout, told
        self.returncode: int | None = None
        self._ended = threading.Event()
        threading.Thread(target=self._follow, name=f"process {pid}", daemon=True).start()

    def _follow(self) -> None:
        line = self._told.readline()
        self._told.close()
        if not line:  # the parent was killed: what this process does is not seen any more, so it does nothing any more
            _LOG.warning("process %d is killed: the process that it was forked from is gone", self.pid)
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
        self.returncode = int(line) if line else -signal.SIGKILL
        self._ended.set()

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, negative for a signal. Raises subprocess.TimeoutExpired after ``timeout`` seconds."""
        if not self._ended.wait(timeout):
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0.0)
        assert self.returncode is not None
        return self.returncode

    def terminate(self) -> None:
        """SIGTERM, unless it has ended."""
        if not self._ended.is_set():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGTERM)


class WarmParent:
    """One process that has imported ``module`` with the variables of ``environment``, begun in the background, and again where it was lost.

    Its own files are below ``folder``.
    """

    def __init__(self, module: str, environment: Mapping[str, str], folder: Path) -> None:
        self._module, self._folder = module, folder
        self._environment = {**environment, "HOME": str(folder), "TMPDIR": str(folder)}
        self._lock = threading.Lock()
        self._proved = True  # the first one is begun on trust
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._begin()

    def start(self, command: Sequence[str], environment: Mapping[str, str], folder: Path) -> WarmProcess | None:
        """A process that does what ``command`` would, ``python -m module …``; None where it has to be started the plain way."""
        package = self._module.partition(".")[0]
        if list(command[:3]) != [sys.executable, "-m", package] or not self._fits(environment):
            return None
        request = {"arguments": list(command[2:]), "environment": dict(environment), "folder": str(folder)}
        with self._lock:
            if process := self._ask(json.dumps(request).encode()):
                self._proved = True
                return process
            self.end()
            _LOG.warning("%s: its warm process is gone; a container is started the plain way", package)
            if self._proved:
                self._begin()
            return None

    def _fits(self, environment: Mapping[str, str]) -> bool:
        """Whether the variables are the same that libraries have read while they were imported."""
        imported, wanted = (
            {name: value for name, value in each.items() if not name.startswith(_OWN)}
            for each in (self._environment, environment)
        )
        return imported == wanted

    def _begin(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._proved = False
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, str(_SCRIPT), str(theirs.fileno()), self._module, _ROOM["arguments"]],
                env={**self._environment, "ATELIER_ROOM": _ROOM["variables"]},
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )

    def end(self) -> None:
        """End the process, and with it those that were forked from it."""
        if self._process and self._control:
            self._control.close()
            self._process.kill()
            self._process.wait()
            self._process = self._control = None

    def _ask(self, request: bytes) -> WarmProcess | None:
        """Send a request, and wait for the number of the process: for the rest of the import, where it is the first."""
        if self._control is None:
            return None
        stdout, output = os.pipe()
        numbers, told = os.pipe()
        reader = os.fdopen(numbers, encoding="ascii")
        try:
            socket.send_fds(self._control, [request], [output, told])
        except OSError:
            os.close(stdout)
            reader.close()
            return None
        finally:
            os.close(output)
            os.close(told)
        if not (line := reader.readline()):
            os.close(stdout)
            reader.close()
            return None
        return WarmProcess(int(line), os.fdopen(stdout, encoding="locale", errors="replace"), reader)


def warm_parent(entrypoint: Sequence[str], environment: Mapping[str, str], folder: Path) -> WarmParent | None:
    """One for an image whose entry point is ``python -m package``, where the package has a module ``ahead``; else None.

    ``environment`` has the PYTHONPATH of its containers. Only Linux has all that this takes.
    """
    match list(entrypoint):
        case [_, "-m", package, *_] if sys.platform == "linux":
            places = [Path(place) / package / "ahead.py" for place in environment["PYTHONPATH"].split(":")]
            return WarmParent(f"{package}.ahead", environment, folder) if any(map(Path.is_file, places)) else None
    return None

"""The processes of one job: started on all hosts, watched, stopped together."""

import functools
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from local.sagemaker.containers import STOP_SECONDS, Container


@dataclass(frozen=True, kw_only=True)
class JobEnd:
    """How a job ended: the first non-zero exit code (0 if none), and whether it was stopped or ran out of time."""

    exit_code: int
    host: int
    stopped: bool
    timed_out: bool


class JobProcesses:
    """Runs the containers of a job until all have ended.

    The first container that fails, a stop request or the time limit ends the others: SIGTERM, then SIGKILL after
    STOP_SECONDS.
    """

    def __init__(self, containers: Sequence[Container], *, max_seconds: float) -> None:
        self._containers, self._max_seconds = containers, max_seconds
        self._running = len(containers)
        self._failed_host = self._exit_code = 0
        self._ending = self._stopped = False
        self._changed = threading.Condition()

    def stop(self) -> None:
        """Ask the job to stop; from any thread, also before it started."""
        with self._changed:
            if not self._ending:
                self._ending = self._stopped = True
            self._changed.notify()

    def kill(self) -> None:
        """End every process now."""
        for container in self._containers:
            container.kill()

    def run(self, on_line: Callable[[str], None] | None = None) -> JobEnd:
        """Start the containers and wait for the end. `on_line` sees the output of the first host."""
        for host, container in enumerate(self._containers):
            on_exit = functools.partial(self._exited, host)
            container.start(on_exit=on_exit, on_line=on_line if host == 0 else None)
        with self._changed:
            timed_out = not self._changed.wait_for(lambda: self._ending or not self._running, self._max_seconds)
            self._ending = True
        for container in self._containers:
            container.terminate()
        with self._changed:
            self._changed.wait_for(lambda: not self._running, STOP_SECONDS)
        self.kill()  # also descendants that outlived their container
        with self._changed:
            self._changed.wait_for(lambda: not self._running)
        return JobEnd(exit_code=self._exit_code, host=self._failed_host, stopped=self._stopped, timed_out=timed_out)

    def _exited(self, host: int, code: int) -> None:
        with self._changed:
            self._running -= 1
            if code and not self._ending:
                self._failed_host, self._exit_code, self._ending = host, code, True
            self._changed.notify()

"""The processes of one job: started on all hosts, watched, stopped together."""

import queue
import time
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
    `stop_seconds`.
    """

    def __init__(
        self, containers: Sequence[Container], *, max_seconds: float, stop_seconds: float = STOP_SECONDS
    ) -> None:
        self._containers = containers
        self._max_seconds = max_seconds
        self._stop_seconds = stop_seconds
        self._events: queue.Queue[tuple[int, int] | None] = queue.Queue()  # (host, exit code); None asks to stop
        self._deadline = float("inf")
        self._stopping = self._stopped = self._timed_out = False

    def stop(self) -> None:
        """Ask the job to stop; from any thread, also before it started."""
        self._events.put(None)

    def kill(self) -> None:
        """End every process now."""
        for container in self._containers:
            container.kill()

    def run(self, on_line: Callable[[str], None] | None = None) -> JobEnd:
        """Start the containers and wait for the end. `on_line` sees the output of the first host."""
        for host, container in enumerate(self._containers):
            container.start(
                on_exit=lambda code, host=host: self._events.put((host, code)),  # type: ignore[misc]
                on_line=on_line if host == 0 else None,
            )
        self._deadline = time.monotonic() + self._max_seconds
        running, failed_host, exit_code = len(self._containers), 0, 0
        while running:
            ended = self._next()
            if ended is None:
                continue
            running -= 1
            host, code = ended
            if code and not exit_code and not self._stopping:
                failed_host, exit_code = host, code
                self._terminate()
        self.kill()  # descendants that outlived their container
        return JobEnd(exit_code=exit_code, host=failed_host, stopped=self._stopped, timed_out=self._timed_out)

    def _next(self) -> tuple[int, int] | None:
        """The next container that ended; None when the wait ended in a stop, a time limit or a kill instead."""
        try:
            event = self._events.get(timeout=min(max(0.0, self._deadline - time.monotonic()), 3600.0))
        except queue.Empty:
            if time.monotonic() < self._deadline:
                return None
            if self._stopping:
                self.kill()
                self._deadline = float("inf")
            else:
                self._timed_out = True
                self._terminate()
            return None
        if event is None and not self._stopping:
            self._stopped = True
            self._terminate()
        return event

    def _terminate(self) -> None:
        self._stopping = True
        self._deadline = time.monotonic() + self._stop_seconds
        for container in self._containers:
            container.terminate()

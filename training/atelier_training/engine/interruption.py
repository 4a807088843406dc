"""SIGTERM: a spot instance is taken away, or someone stopped the job. There are 120 seconds left to save."""

import signal
from types import FrameType


class InterruptedJobError(Exception):
    """The job was asked to stop and did, between two pieces of work."""


class Interruption:
    """Remembers SIGTERM until the work reaches a point where it can stop.

    The handler is installed at once, because a container's first process ignores a SIGTERM that it does not handle.
    """

    def __init__(self) -> None:
        self.requested = False
        signal.signal(signal.SIGTERM, self._remember)

    def check(self, what: str) -> None:
        """Raises InterruptedJobError where the job was asked to stop; ``what`` was being done."""
        if self.requested:
            raise InterruptedJobError(f"stopped by SIGTERM while {what}")

    def _remember(self, _signal: int, _frame: FrameType | None) -> None:
        self.requested = True

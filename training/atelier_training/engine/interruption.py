"""Handles SIGTERM: the spot instance is reclaimed or the job was stopped, and 120 seconds are left to save."""

import signal
from types import FrameType
from typing import Any, Self


class InterruptedJobError(Exception):
    """The job was asked to stop and did, between two pieces of work."""


class Interruption:
    """Remembers SIGTERM until the work reaches a point where it can stop; for use in a ``with`` statement.

    A container's first process ignores a SIGTERM that it does not handle, so a job enters it before anything else.
    Leaving it restores the former handler. ``doing`` is what the job was last said to do, for whatever ends it.
    """

    doing = ""

    def __init__(self) -> None:
        self.requested = False
        self._former: Any = None

    def __enter__(self) -> Self:
        self._former = signal.signal(signal.SIGTERM, self._remember)
        return self

    def __exit__(self, *_failure: object) -> None:
        # None means a handler that was not installed from Python and cannot be restored from it.
        signal.signal(signal.SIGTERM, signal.SIG_DFL if self._former is None else self._former)

    def check(self, what: str) -> None:
        """Raises InterruptedJobError where the job was asked to stop; ``what`` was being done."""
        self.doing = what
        if self.requested:
            raise InterruptedJobError(f"stopped by SIGTERM while {what}")

    def _remember(self, _signal: int, _frame: FrameType | None) -> None:
        self.requested = True

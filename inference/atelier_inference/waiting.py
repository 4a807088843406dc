"""The bounded line of requests before the model: those that wait together and fit together leave together."""

import threading
from collections import deque
from collections.abc import Hashable
from typing import Generic, Protocol, TypeVar


class Waiter(Protocol):
    """Something that waits for the model: equal keys may share a batch, in which each takes up ``rows`` pictures."""

    @property
    def key(self) -> Hashable:
        """What must be equal for two to share a batch."""

    @property
    def rows(self) -> int:
        """Pictures to paint, at least 1."""


W = TypeVar("W", bound=Waiter)


class BusyError(RuntimeError):
    """The line is full: try again later."""


class Line(Generic[W]):
    """First come, first served; but whoever fits the first one's batch goes along with it."""

    def __init__(self, *, most: int) -> None:
        self._most = most
        self._waiting: deque[W] = deque()
        self._changed = threading.Condition()
        self._closed = False

    def join(self, waiter: W) -> None:
        """Stand at the end. Raises BusyError where ``most`` already wait, or the line is closed."""
        with self._changed:
            if self._closed or len(self._waiting) >= self._most:
                raise BusyError(f"{len(self._waiting)} requests are waiting; at most {self._most} may")
            self._waiting.append(waiter)
            self._changed.notify()

    def next_batch(self, *, rows: int) -> list[W]:
        """Wait for the first, and take with it those of its key, up to ``rows`` pictures; empty once closed and drained."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            if not self._waiting:
                return []
            batch = [self._waiting.popleft()]
            room = rows - batch[0].rows
            for waiter in list(self._waiting):
                if waiter.key == batch[0].key and waiter.rows <= room:
                    self._waiting.remove(waiter)
                    batch.append(waiter)
                    room -= waiter.rows
            return batch

    def close(self) -> None:
        """Let nobody in any more; those who wait are still served."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

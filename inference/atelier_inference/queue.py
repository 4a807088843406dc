"""The bounded queue of requests before the model: those that wait together and fit together leave as one batch."""

import threading
from collections import deque
from collections.abc import Hashable
from typing import Generic, Protocol, TypeVar


class Queued(Protocol):
    """Something that waits for the model: equal keys may share a batch, in which each takes up ``rows`` rows."""

    @property
    def key(self) -> Hashable:
        """What must be equal for two to share a batch."""

    @property
    def rows(self) -> int:
        """Rows of the model's batch, at least 1."""


Q = TypeVar("Q", bound=Queued)


class BusyError(RuntimeError):
    """The queue is full or closed: a later try may succeed."""


class BatchQueue(Generic[Q]):
    """First in, first out; but an entry whose key is that of the first one leaves with it."""

    def __init__(self, *, most: int) -> None:
        self._most = most
        self._entries: deque[Q] = deque()
        self._changed = threading.Condition()
        self._closed = False

    def put(self, entry: Q) -> None:
        """Append an entry. Raises BusyError where the queue already holds ``most``, or is closed."""
        with self._changed:
            if self._closed or len(self._entries) >= self._most:
                raise BusyError(f"{len(self._entries)} requests are waiting; at most {self._most} may")
            self._entries.append(entry)
            self._changed.notify()

    def next_batch(self, *, rows: int) -> list[Q]:
        """Wait for an entry; return it with the others of its key, up to ``rows`` rows. Empty once the queue is closed and drained."""
        with self._changed:
            self._changed.wait_for(lambda: self._entries or self._closed)
            if not self._entries:
                return []
            batch = [self._entries.popleft()]
            room = rows - batch[0].rows
            for entry in list(self._entries):
                if entry.key == batch[0].key and entry.rows <= room:
                    self._entries.remove(entry)
                    batch.append(entry)
                    room -= entry.rows
            return batch

    def close(self) -> None:
        """Accept no more entries; those that wait are still handed out."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

"""The bounded queue of requests before the model: those that wait together and fit together leave as one batch."""

import threading
from collections import deque

from atelier_inference.mode import Job


class BusyError(RuntimeError):
    """The queue is full or closed: a later try may succeed."""


class BatchQueue:
    """First in, first out; but a job whose key is that of the first one leaves with it."""

    def __init__(self, *, most: int) -> None:
        self._most = most
        self._jobs: deque[Job] = deque()
        self._changed = threading.Condition()
        self._closed = False

    def put(self, job: Job) -> None:
        """Append a job. Raises BusyError where the queue already holds ``most``, or is closed."""
        with self._changed:
            if self._closed or len(self._jobs) >= self._most:
                raise BusyError(f"{len(self._jobs)} requests are waiting; at most {self._most} may")
            self._jobs.append(job)
            self._changed.notify()

    def next_batch(self, *, rows: int) -> list[Job]:
        """Wait for a job; return it with the others of its key, up to ``rows`` rows. Empty once the queue is closed and drained."""
        with self._changed:
            self._changed.wait_for(lambda: self._jobs or self._closed)
            if not self._jobs:
                return []
            batch = [self._jobs.popleft()]
            room = rows - batch[0].rows
            for job in list(self._jobs):
                if job.key == batch[0].key and job.rows <= room:
                    self._jobs.remove(job)
                    batch.append(job)
                    room -= job.rows
            return batch

    def remove(self, job: Job) -> None:
        """Take a job out of the queue, where it still waits there: its place is free at once."""
        with self._changed:
            if job in self._jobs:
                self._jobs.remove(job)

    def close(self) -> None:
        """Accept no more jobs; those that wait are still handed out."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

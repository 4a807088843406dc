"""The bounded queue of requests before the model: those that wait together and fit together leave as one batch."""

import threading
from collections import deque
from collections.abc import Hashable, Iterable
from itertools import chain

from atelier_inference.mode import Job


class BusyError(RuntimeError):
    """The queue is full or closed: a later try may succeed."""


class BatchQueue:
    """First in, first out; but with the first leave others of its key: those of its styles, then those of the next one's, and so on.

    A call of the model takes longer the more styles are in it. The first is never passed over, so nobody waits for ever.
    """

    def __init__(self, *, most: int) -> None:
        self._most = most
        self._jobs: deque[Job] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._woken = False

    def __len__(self) -> int:
        """How many wait."""
        return len(self._jobs)

    def put(self, job: Job) -> None:
        """Append a job. Raises BusyError where the queue already holds ``most``, or is closed."""
        with self._changed:
            if self._closed or len(self._jobs) >= self._most:
                raise BusyError(f"{len(self._jobs)} requests are waiting; at most {self._most} may")
            self._jobs.append(job)
            self._changed.notify()

    def next_batch(self, *, rows: int, taken: int = 0) -> list[Job]:
        """The first job with the others of its key, up to ``rows`` rows of which ``taken`` are not free.

        Empty where none waits, or the first has no room; where nothing is taken it leaves whatever its size.
        """
        with self._changed:
            if not self._fits(rows, taken):
                return []
            batch = [self._jobs.popleft()]
            room = rows - taken - batch[0].rows
            for job in _style_by_style(batch[0], [job for job in self._jobs if job.key == batch[0].key]):
                if job.rows <= room:
                    self._jobs.remove(job)
                    batch.append(job)
                    room -= job.rows
            return batch

    def wait(self, *, rows: int, taken: int = 0) -> bool:
        """Wait for a job that fits, as ``next_batch`` counts, or for ``wake``.

        False once the queue is closed and drained, and nothing is taken.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._woken or self._fits(rows, taken) or self._over(taken))
            self._woken = False
            return not self._over(taken)

    def wake(self) -> None:
        """End a ``wait``, or the next one."""
        with self._changed:
            self._woken = True
            self._changed.notify()

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

    def drain(self) -> list[Job]:
        """Take out all that wait."""
        with self._changed:
            jobs = list(self._jobs)
            self._jobs.clear()
            return jobs

    def _fits(self, rows: int, taken: int) -> bool:
        return bool(self._jobs) and (not taken or self._jobs[0].rows <= rows - taken)

    def _over(self, taken: int) -> bool:
        return self._closed and not self._jobs and not taken


def _style_by_style(first: Job, others: Iterable[Job]) -> list[Job]:
    """Those of the styles of ``first``, then of the oldest other one's, and so on; by age among themselves."""
    groups: dict[Hashable, list[Job]] = {first.styles: []}
    for job in others:
        groups.setdefault(job.styles, []).append(job)
    return list(chain.from_iterable(groups.values()))

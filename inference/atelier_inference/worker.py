"""The one thread that owns the models: loads them, then serves the queue, batch by batch."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import chain

import torch

from atelier_inference.measures import MEASURES
from atelier_inference.meeting import Meeting
from atelier_inference.memory import has_no_room, lacked_memory
from atelier_inference.mode import Job
from atelier_inference.modes import Modes
from atelier_inference.queue import BatchQueue, BusyError
from atelier_inference.waiting import CanceledError
from contracts.batching import MOST_WAITING, ROWS

log = logging.getLogger(__name__)


class Worker:
    """Runs ``load`` and then every job in a thread of its own, each batch of jobs in a course of its own.

    A batch begins as soon as ``ROWS`` leaves room for it beside those under way. ``broken`` is called, in that thread, when the process
    cannot serve any more: loading failed, or the GPU is lost.
    """

    def __init__(self, load: Callable[[], Modes], *, broken: Callable[[], None]) -> None:
        self._load = load
        self._broken = broken
        self._queue: BatchQueue = BatchQueue(most=MOST_WAITING)
        self._meeting = Meeting(self._queue.wake)
        self._under_way: list[Sequence[Job]] = []
        self._postponed: list[Job] = []
        self.modes: Modes | None = None
        """The modes by name; None until the models are loaded, and again once they are lost."""
        self._thread = threading.Thread(target=self._work, name="model", daemon=True)

    def start(self) -> None:
        """Begin loading."""
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Jobs in the queue."""
        return len(self._queue)

    def submit(self, job: Job) -> None:
        """Queue a job; its future gets what is left to do of it. Raises BusyError."""
        self._queue.put(job)

    def abandon(self, job: Job) -> None:
        """Nobody waits for a job any more: it leaves the queue, and is ended between two steps, unless others in its batch go on."""
        job.abandoned.set()
        self._queue.remove(job)
        job.future.cancel()

    def close(self) -> None:
        """Finish what is queued, then end the thread; returns when it has ended."""
        self._queue.close()
        self._thread.join()

    def _work(self) -> None:
        try:
            # Held for all courses: each pipeline call switches gradients off and on again, in no order. Without gradients alone torch
            # counts each tensor's versions and views, which is a tenth of a small call's time.
            with torch.inference_mode():
                self.modes = self._load()
                while self._queue.wait(rows=ROWS, taken=self._taken):
                    self._go_on()
        except Exception:  # the thread's edge: whatever it was, the log must have it and the process must end
            log.exception("the model's thread ended")
            self._broken()
        finally:
            self.modes = None
            self._queue.close()
            self._meeting.close()
            # Nothing else would ever answer the requests that still wait.
            waiting = [job for job in self._queue.drain() if job.future.set_running_or_notify_cancel()]
            lost = [*waiting, *self._postponed, *chain.from_iterable(self._under_way)]
            _fail(lost, BusyError("the model is lost"))

    @property
    def _taken(self) -> int:
        """Rows of the batches under way; all there are, while somebody waits to be alone, or is."""
        return ROWS if self._postponed else sum(job.rows for batch in self._under_way for job in batch)

    def _go_on(self) -> None:
        """Take up what there is room for, make one call of a denoiser, and so on, until all that is left is done elsewhere."""
        while True:
            while batch := self._next_batch():
                self._begin(batch)
            if not self._meeting.ready:
                return
            self._meeting.advance()

    def _next_batch(self) -> Sequence[Job]:
        """What is to begin now, if anything: whoever had no room beside others, once nobody is there, before all who wait."""
        if self._postponed and not self._under_way:
            return self._postponed[:1]
        return self._queue.next_batch(rows=ROWS, taken=self._taken)

    def _begin(self, batch: Sequence[Job]) -> None:
        now = time.perf_counter()
        new = [job for job in batch if not job.future.running() and job.future.set_running_or_notify_cancel()]
        for job in new:
            job.watch.add("wait", now - job.created)
        if jobs := [job for job in batch if job.future.running()]:
            self._under_way.append(jobs)
            asked = [(job.request.prompt, job.request.negative_prompt) for job in jobs]
            self._meeting.begin(partial(self._serve, jobs), asked)

    def _serve(self, jobs: Sequence[Job]) -> None:
        """A course."""
        alone = jobs[0] in self._postponed
        self._run(jobs)
        self._under_way.remove(jobs)
        if alone:
            self._postponed.remove(jobs[0])

    def _run(self, jobs: Sequence[Job]) -> None:
        try:
            finishes = jobs[0].mode.run_for_somebody(jobs)
        except CanceledError as error:
            _fail(jobs, error)
        except torch.AcceleratorError as error:
            # The GPU's context is gone: every later request would fail too, so the platform must start a new process.
            _fail(jobs, error)
            raise
        except Exception as error:  # noqa: BLE001 - a request's edge: its error goes to the request's future
            self._blame(jobs, error)
        else:
            for job, finish in zip(jobs, finishes, strict=True):
                job.future.set_result(finish)

    def _blame(self, jobs: Sequence[Job], error: Exception) -> None:
        """Fail the only job, or run each alone to find the one at fault: a bad request must not fail its neighbours.

        One that finds no room is made again once nobody else is there, and then refused.
        """
        lacked = lacked_memory(error)
        if len(jobs) > 1:
            for job in jobs:
                self._run([job])
        elif not lacked:
            _fail(jobs, error)
        elif len(self._under_way) > 1:
            self._postponed.append(jobs[0])
        else:
            MEASURES.count("RequestsOutOfMemory")
            _fail(jobs, has_no_room(jobs[0]))


def _fail(jobs: Sequence[Job], error: Exception) -> None:
    for job in jobs:
        if not job.future.done():
            job.future.set_exception(error)

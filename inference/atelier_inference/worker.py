"""The one thread that owns the model: loads it, then serves the line, batch by batch."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from atelier_inference.jobs import Job, JobMaker, Painted
from atelier_inference.runner import Runner
from atelier_inference.waiting import BusyError, Line
from imaging.repaint import ROWS

MOST_WAITING = 32
"""Requests in line before the server says it is busy; each holds its decoded photo."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """What loading gives: how to make jobs, and how to run them."""

    maker: JobMaker
    runner: Runner


class Worker:
    """Runs ``load`` and then every job in a thread of its own.

    ``broken`` is called, in that thread, when there is no use in going on: loading failed, or the GPU is lost.
    """

    def __init__(self, load: Callable[[], Loaded], *, broken: Callable[[], None]) -> None:
        self._load = load
        self._broken = broken
        self._line: Line[Job] = Line(most=MOST_WAITING)
        self._loaded: Loaded | None = None
        self._thread = threading.Thread(target=self._work, name="model", daemon=True)

    @property
    def maker(self) -> JobMaker | None:
        """Makes jobs; None until the model is loaded, and again once it is lost."""
        return self._loaded.maker if self._loaded else None

    def start(self) -> None:
        """Begin loading."""
        self._thread.start()

    def submit(self, job: Job) -> None:
        """Put a job in line; its future gets the result. Raises BusyError."""
        self._line.join(job)

    def close(self) -> None:
        """Finish what is in line, then end the thread; returns when it has ended."""
        self._line.close()
        self._thread.join()

    def _work(self) -> None:
        try:
            loaded = self._loaded = self._load()
            while batch := self._line.next_batch(rows=ROWS):
                self._serve(loaded.runner, batch)
        except Exception:  # the thread's edge: whatever it was, the process must say so and end
            log.exception("the model's thread ended")
            self._broken()
        finally:
            self._loaded = None
            self._line.close()
            self._turn_away()

    def _turn_away(self) -> None:
        """Whoever still waits when the thread ends must hear of it, or the server waits for them for ever."""
        while batch := self._line.next_batch(rows=ROWS):
            _fail([job for job in batch if job.future.set_running_or_notify_cancel()], BusyError("the model is lost"))

    def _serve(self, runner: Runner, batch: Sequence[Job]) -> None:
        now = time.perf_counter()
        jobs = [job for job in batch if job.future.set_running_or_notify_cancel()]
        for job in jobs:
            job.watch.add("wait", now - job.created)
        if jobs:
            self._run(runner, jobs)

    def _run(self, runner: Runner, jobs: Sequence[Job]) -> None:
        try:
            results = runner.run(jobs)
        except torch.AcceleratorError as error:
            # The GPU's context is gone: every later request would fail too, so the platform must start a new process.
            _fail(jobs, error)
            raise
        except Exception as error:  # noqa: BLE001 - a request's edge: its error goes to whoever waits for it
            self._blame(runner, jobs, error)
        else:
            _succeed(jobs, results)

    def _blame(self, runner: Runner, jobs: Sequence[Job], error: Exception) -> None:
        """Give the error to the only job, or find out alone whose it was: one bad request must not fail its neighbours."""
        if len(jobs) == 1:
            _fail(jobs, error)
            return
        for job in jobs:
            self._run(runner, [job])


def _fail(jobs: Sequence[Job], error: Exception) -> None:
    for job in jobs:
        job.future.set_exception(error)


def _succeed(jobs: Sequence[Job], results: Sequence[Painted]) -> None:
    for job, painted in zip(jobs, results, strict=True):
        job.future.set_result(painted)

"""How many of its steps a request's work has done: the model's thread counts, and others read."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from atelier_inference.waiting import CanceledError


@dataclass
class StepCount:
    """``total`` is 0 where nobody knows beforehand, as of pictures that are enlarged too; ``begun`` is in seconds since 1970."""

    total: int = 0
    done: int = 0
    begun: float | None = None

    def begin(self) -> None:
        """The model's thread has taken the work up, maybe once more."""
        self.done, self.begun = 0, time.time()

    def step(self) -> None:
        """One step more; some samplers take one more than they were asked for."""
        self.done = min(self.done + 1, self.total) if self.total else self.done + 1


class Counted(Protocol):
    """A job, as far as its steps go."""

    @property
    def steps(self) -> StepCount:
        """What is counted."""

    @property
    def abandoned(self) -> threading.Event:
        """Set once nobody waits for it."""


def counting(jobs: Sequence[Counted]) -> Callable[[], None]:
    """Begin the count of each of the jobs; what is to be called after each step of theirs.

    That raises CanceledError once nobody waits for any of them.
    """
    for job in jobs:
        job.steps.begin()

    def stepped() -> None:
        if all(job.abandoned.is_set() for job in jobs):
            raise CanceledError("nobody waits for it")
        for job in jobs:
            job.steps.step()

    return stepped

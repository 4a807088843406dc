"""Reports a run's progress: entries of the training log, and lines of the job's log."""

import math
import time

from atelier_training.engine.checkpoint import History
from atelier_training.engine.settings import Settings
from atelier_training.engine.training_log import LoggedStep


class StepLog:
    """Adds to a run's history and prints; processes that do not lead are `silent`."""

    def __init__(self, settings: Settings, history: History, first: int, *, silent: bool) -> None:
        self._settings, self._history, self._silent = settings, history, silent
        self._first, self._done = first, first
        self._before = history.entries[-1].seconds if history.entries else 0.0
        self._start = time.monotonic()

    def add(self, loss: float) -> None:
        """Take the mean loss of the next step."""
        self._done += 1
        self._history.recent.append(loss)
        last = self._done == self._settings.steps
        if self._done % self._settings.entry_every and not last:
            return
        mean = math.fsum(self._history.recent) / len(self._history.recent)
        seconds = round(self._before + time.monotonic() - self._start, 3)
        entry = LoggedStep(step=self._done, loss=mean, lr=self._settings.rate(self._done - 1), seconds=seconds)
        self._history.entries.append(entry)
        self._history.recent.clear()
        if not self._silent and (last or entry.step == 1 or entry.step % self._settings.line_every == 0):
            print(self._line(entry), flush=True)

    def samples_per_second(self) -> float:
        """Samples trained on a second, over all processes, since this process began."""
        elapsed = time.monotonic() - self._start
        return (self._done - self._first) * self._settings.samples / max(elapsed, 1e-9)

    def _line(self, entry: LoggedStep) -> str:
        eta = entry.seconds / entry.step * (self._settings.steps - entry.step)
        return (
            f"step={entry.step}/{self._settings.steps} loss={entry.loss:.4f} lr={entry.lr:.1e} "
            f"elapsed={entry.seconds:.0f}s eta={eta:.0f}s samples_per_second={self.samples_per_second():.1f}"
        )

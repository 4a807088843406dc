"""How a run tells its progress: a line every few steps, and an entry of the training log for each line."""

import math
import time

from atelier_training.engine.checkpoint import History
from atelier_training.engine.settings import TrainSettings
from atelier_training.engine.training_log import Entry


class Report:
    """Adds to a run's history and prints each entry; processes that do not lead are `silent`."""

    def __init__(self, settings: TrainSettings, history: History, first: int, *, silent: bool) -> None:
        self._settings, self._history, self._silent = settings, history, silent
        self._first, self._done = first, first
        self._start = time.monotonic()

    def add(self, loss: float) -> None:
        """Take the mean loss of the next step."""
        self._done += 1
        self._history.recent.append(loss)
        if self._done % self._settings.log_every and self._done != self._settings.steps:
            return
        elapsed = time.monotonic() - self._start
        mean = math.fsum(self._history.recent) / len(self._history.recent)
        entry = Entry(step=self._done, loss=mean, lr=self._settings.rate(self._done - 1), seconds=round(elapsed, 3))
        self._history.entries.append(entry)
        self._history.recent.clear()
        if not self._silent:
            print(self._line(entry), flush=True)

    def samples_per_second(self) -> float:
        """Samples trained on a second, over all processes, since this process began."""
        elapsed = time.monotonic() - self._start
        return (self._done - self._first) * self._settings.batch / max(elapsed, 1e-9)

    def _line(self, entry: Entry) -> str:
        eta = entry.seconds / (self._done - self._first) * (self._settings.steps - self._done)
        return (
            f"step={entry.step}/{self._settings.steps} loss={entry.loss:.4f} lr={entry.lr:.1e} "
            f"elapsed={entry.seconds:.0f}s eta={eta:.0f}s samples_per_second={self.samples_per_second():.1f}"
        )

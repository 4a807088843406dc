"""``training_log.jsonl``, the job's progress lines, and the one loss that stands for the run."""

import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from atelier_training.engine.settings import Settings
from contracts.errors import InvalidInputError


@dataclass(frozen=True, kw_only=True)
class LoggedStep:
    """What the log says of one step, counted from 1: mean loss since the last entry, learning rate, seconds of training so far."""

    step: int
    loss: float
    lr: float
    seconds: float


@dataclass(kw_only=True)
class History:
    """What a whole run did: a logged entry every few steps, and the losses since the last."""

    entries: list[LoggedStep] = field(default_factory=list)
    recent: list[float] = field(default_factory=list)


Tell = Callable[[LoggedStep], None]
"""Whoever wants to hear of each logged step."""


class StepLog:
    """Adds to a run's history, prints, and tells; processes that do not lead are `silent`."""

    def __init__(
        self, settings: Settings, history: History, first: int, *, silent: bool, tell: Tell | None = None
    ) -> None:
        self._settings, self._history, self._silent, self._tell = settings, history, silent, tell
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
        if self._tell and not self._silent:
            self._tell(entry)
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


def average_loss(entries: Sequence[LoggedStep]) -> float:
    """The mean loss of the last tenth of the steps, at least one."""
    last = entries[-math.ceil(len(entries) / 10) :]
    return sum(entry.loss for entry in last) / len(last)


def write(entries: Sequence[LoggedStep], path: Path) -> None:
    """One JSON object a line."""
    path.write_text("".join(json.dumps(asdict(entry)) + "\n" for entry in entries), encoding="utf-8")


def read(path: Path) -> list[LoggedStep]:
    """Read a log back. Raises InvalidInputError where it is missing or empty."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    if not lines:
        raise InvalidInputError(path.name, got="no steps", allowed="the log of a finished training")
    return [LoggedStep(**json.loads(line)) for line in lines]

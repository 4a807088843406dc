"""One line of what goes on while a command waits: in place on a terminal, elsewhere a line whenever it is something else."""

import sys
import time
from types import TracebackType
from typing import Self, TextIO

from rich.console import Console

from cli.terminal import duration
from contracts.answers import LookPoint, Prediction, Training


class Watch:
    """Shows what it is told on stderr, so that stdout holds results alone."""

    def __init__(self, out: TextIO | None = None) -> None:
        stream = out or sys.stderr
        self._console = Console(file=stream, highlight=False, markup=False)
        self._status = self._console.status("") if self._console.is_terminal else None
        self._begun, self._kept = time.monotonic(), ""
        self._step, self._since = "", self._begun

    def __enter__(self) -> Self:
        if self._status:
            self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end("✓" if kind is None else "✗" if issubclass(kind, Exception) else "·")
        if self._status:
            self._status.stop()

    def show(self, line: str, *, detail: str = "") -> None:
        """Say ``line``; ``detail`` changes too often for anything but a terminal."""
        if self._status:
            seconds = duration(time.monotonic() - self._begun)
            from rich.text import Text

            self._status.update(Text(" ".join(part for part in (f"{seconds:>6}", line, detail) if part)))
        elif line != self._kept:
            self._console.print(line, soft_wrap=True)
        self._kept = line

    def begin(self, step: str) -> None:
        """A step begins, and so the one before has ended."""
        self.end()
        self._step, self._since = step, time.monotonic()

    def end(self, mark: str = "✓") -> None:
        """Leave a line of the step that has ended, if there is one, on a terminal; elsewhere ``show`` has said it."""
        if self._step and self._status:
            self.say(f"{mark} {self._step:<20} {duration(time.monotonic() - self._since)}")
        self._step = ""

    def say(self, line: str) -> None:
        """A line that stays."""
        self._console.print(line, soft_wrap=True)


def progress_of(item: Prediction | Training) -> tuple[str, str]:
    """What goes on, and how far it is, of something that has not ended."""
    line = item.stage or item.status
    if item.queue_position:
        line += f", {item.queue_position} before it"
    details = list[str]()
    if item.progress and item.progress.total:
        each = "trainings" if isinstance(item, Training) and item.trials else "steps"
        details.append(f"{item.progress.current or 0} of {item.progress.total} {each}")
    elif item.progress:
        details.append(f"{item.progress.percentage:.0%}")
    if item.eta_seconds is not None:
        details.append(f"about {duration(item.eta_seconds)} left")
    return line, ", ".join(details)


def look_in_words(look: LookPoint) -> str:
    """What a training saw of itself."""
    share = "" if look.garment_share is None else f", {look.garment_share:.0%} of the garment"
    loss = "" if look.loss is None else f", loss {look.loss:.4f} on pictures set aside"
    return f"look at step {look.step}{share}{loss}{', the best so far' if look.best else ''}"

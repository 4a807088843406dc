"""Prints one line a stage: its name, elapsed seconds, what it is doing. On a terminal the line changes in place.

What is left is told by the work itself, as far as it is done: machines differ too much for any other number.
"""

import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

LOG_EVERY_SECONDS = 10.0
LONGEST_LINE = 118
_BAR = 12
"""Cells of the bar that shows what is done."""


class RunningStage:
    """One running stage."""

    def __init__(self, name: str, out: TextIO) -> None:
        self.name = name
        self.started = time.monotonic()
        self._out = out
        self._printed = self.started

    @property
    def seconds(self) -> float:
        """Seconds since the stage began."""
        return time.monotonic() - self.started

    def detail(self, text: str = "", *, done: int = 0, total: int = 0) -> None:
        """Show ``text``, in place on a terminal, as a line every ten seconds elsewhere; and what is left, once a part of ``total`` is."""
        left = f", about {self.seconds * (total - done) / done:.0f} s left" if 0 < done < total else ""
        bar = f"{bar_of(done, total)} " if total and self._out.isatty() else ""
        line = f"  {self.name:<26} {self.seconds:6.1f} s  {bar}{text}{left}"
        if self._out.isatty():
            self._out.write(f"\r\033[K{fitted(line)}")
            self._out.flush()
        elif time.monotonic() - self._printed >= LOG_EVERY_SECONDS:
            self._printed = time.monotonic()
            print(line.rstrip()[:LONGEST_LINE], file=self._out, flush=True)

    def done(self, text: str = "", mark: str = "✓") -> None:
        """Leave the stage's last line."""
        erase = "\r\033[K" if self._out.isatty() else ""
        line = f"{erase}{mark} {self.name:<26} {self.seconds:6.1f} s  {text}"
        print(line.rstrip(), file=self._out, flush=True)


def bar_of(done: int, total: int) -> str:
    """What is done of ``total`` as a bar."""
    full = round(_BAR * min(max(done / total, 0), 1))
    return "█" * full + "░" * (_BAR - full)


def fitted(line: str) -> str:
    """A line cut to the terminal: one that is broken in two could not be changed in place. Korean signs are two cells wide."""
    from rich.cells import cell_len, set_cell_size

    width = min(LONGEST_LINE, shutil.get_terminal_size().columns - 1)
    return line.rstrip() if cell_len(line) <= width else set_cell_size(line, width)


class Progress:
    """Prints stages and remembers what each took, in seconds."""

    def __init__(self, out: TextIO | None = None) -> None:
        self.seconds: dict[str, float] = {}
        self._out = out or sys.stdout

    def begin(self, name: str) -> RunningStage:
        """Start a stage; the caller ends it with :meth:`end`."""
        stage = RunningStage(name, self._out)
        stage.detail()
        return stage

    def end(self, stage: RunningStage, text: str = "", mark: str = "✓") -> None:
        """End a stage and add its seconds to those of its name."""
        self.seconds[stage.name] = round(self.seconds.get(stage.name, 0.0) + stage.seconds, 2)
        stage.done(text, mark)

    @contextmanager
    def stage(self, name: str) -> Iterator[RunningStage]:
        """A stage around a block; an exception marks it failed and passes on."""
        stage = self.begin(name)
        try:
            yield stage
        except BaseException:
            self.end(stage, "failed", mark="✗")
            raise
        self.end(stage)

    def say(self, text: str) -> None:
        """A line of its own."""
        print(text, file=self._out, flush=True)

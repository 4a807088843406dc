"""CPU seconds and memory of another process, which on a busy machine say more than a clock."""

import time

import psutil


class Spending:
    """What a process has spent so far, all of its threads together."""

    def __init__(self, pid: int) -> None:
        # Linux's clock of a process (clock_getcpuclockid): nanoseconds, where /proc has hundredths of a second.
        self._clock = (~pid << 3) | 2
        self._process = psutil.Process(pid)

    def cpu(self) -> float:
        """CPU seconds."""
        return time.clock_gettime(self._clock)

    def megabytes(self) -> float:
        """Resident memory."""
        return float(self._process.memory_info().rss) / 2**20

"""The time of metrics, alarms and scaling: it stands still until somebody turns it, a minute at a time.

An endpoint that nobody uses for 20 minutes would otherwise be gone from a laptop, and every test of scaling would be a race. What is
measured while the clock stands still belongs to the minute that it shows.
"""

import threading
import time
from collections.abc import Callable

MINUTE_SECONDS = 60


class TurnedClock:
    """Safe to use from many threads; one turns it at a time."""

    def __init__(self) -> None:
        self._start = time.time() // MINUTE_SECONDS * MINUTE_SECONDS
        self._turned = 0
        self._every_minute: list[Callable[[], None]] = []
        self._later: list[tuple[float, Callable[[], None]]] = []
        self._turning = threading.Lock()

    def now(self) -> float:
        """The present: seconds since the epoch, the beginning of a minute."""
        return self._start + self._turned

    def monotonic(self) -> float:
        """Seconds since no particular moment, in which real time counts as well as turned time: for what lives only so long."""
        return time.monotonic() + self._turned

    def every_minute(self, act: Callable[[], None]) -> None:
        """Call ``act`` whenever a minute has passed, after what was already to be called."""
        self._every_minute.append(act)

    def later(self, seconds: float, act: Callable[[], None]) -> None:
        """Call ``act`` once, when so many seconds have been turned; at the latest a minute late."""
        self._later.append((self.now() + seconds, act))

    def turn(self, minutes: int) -> None:
        """Let minutes pass; returns when everything that they bring about has been done."""
        with self._turning:
            for _ in range(minutes):
                self._turned += MINUTE_SECONDS
                for act in [*self._due(), *self._every_minute]:
                    act()

    def _due(self) -> list[Callable[[], None]]:
        due = [act for moment, act in self._later if moment <= self.now()]
        self._later = [(moment, act) for moment, act in self._later if moment > self.now()]
        return due

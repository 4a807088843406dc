"""Places for what may run only a few at a time: who finds none waits, and whoever came first goes first."""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, eq=False)
class _Waiter:
    name: str
    admit: Callable[[], None]


class Places:
    """At most ``most`` run at a time, ``most_of_one`` of one name. Safe to use from many threads.

    A name whose own places are taken lets those behind it go first. Each place that was taken must be given back.
    """

    def __init__(self, most: int, most_of_one: int) -> None:
        self._most, self._most_of_one = most, most_of_one
        self._taken: Counter[str] = Counter()
        self._waiting: list[_Waiter] = []
        self._lock = threading.Lock()

    def take(self, name: str, seconds: float | None = None) -> bool:
        """Wait for a place, for ever where ``seconds`` is None; whether there was one in time."""
        admitted = threading.Event()
        waiter = _Waiter(name, admitted.set)
        self._join(waiter)
        if admitted.wait(seconds):
            return True
        with self._lock:
            if waiter not in self._waiting:
                return True  # it was admitted just now
            self._waiting.remove(waiter)
            return False

    def when_free(self, name: str, start: Callable[[], None]) -> None:
        """Call ``start`` as soon as there is a place, which is taken then. It is called by any thread, and must return at once."""
        self._join(_Waiter(name, start))

    def give_back(self, name: str) -> None:
        """Let the next one have the place."""
        with self._lock:
            self._taken[name] -= 1
            admitted = self._admit()
        for waiter in admitted:
            waiter.admit()

    def _join(self, waiter: _Waiter) -> None:
        with self._lock:
            self._waiting.append(waiter)
            admitted = self._admit()
        for each in admitted:
            each.admit()

    def _admit(self) -> list[_Waiter]:
        """Those who have a place now, in the order they came; the lock is held."""
        admitted = []
        for waiter in self._waiting:
            if self._taken.total() >= self._most:
                break
            if self._taken[waiter.name] < self._most_of_one:
                self._taken[waiter.name] += 1
                admitted.append(waiter)
        self._waiting = [waiter for waiter in self._waiting if waiter not in admitted]
        return admitted

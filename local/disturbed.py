"""Deliveries that get lost, come twice, late or in another order, where somebody has switched that on.

Topics and rules deliver at least once and in no order that holds.
https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-troubleshooting.html ("My rule ran more than once")
"""

import contextvars
import threading
from collections.abc import Callable
from typing import Any

from local.faults import DELIVERIES, Fault, Faults

LATE_SECONDS = 3.0


class Disturbed:
    """``deliver``, with whatever fault is switched on for its kind of delivery. ``seconds`` is how late a late one is."""

    def __init__(
        self, deliver: Callable[..., None], faults: Faults, subject: str, *, seconds: float = LATE_SECONDS
    ) -> None:
        self._deliver, self._faults, self._subject, self._seconds = deliver, faults, subject, seconds
        self._held: list[Callable[[], None]] = []
        self._lock = threading.Lock()

    def __call__(self, *what: Any) -> None:
        """Make the delivery, or whatever happens to it."""
        # The account and the region that it is made in are those of this moment.
        there = contextvars.copy_context()

        def deliver() -> None:
            there.copy().run(self._deliver, *what)

        match self._faults.first(DELIVERIES, self._subject):
            case Fault.DROPPED:
                return
            case Fault.DELAYED:
                self._later(deliver)
            case Fault.REORDERED:
                with self._lock:
                    self._held.append(deliver)
                self._later(self._release)
            case Fault.DOUBLED:
                threading.Thread(target=deliver, daemon=True).start()
                deliver()
            case _:
                deliver()
                self._release()

    def _later(self, act: Callable[[], None]) -> None:
        timer = threading.Timer(self._seconds, act)
        timer.daemon = True
        timer.start()

    def _release(self) -> None:
        """Make the deliveries that were held back."""
        with self._lock:
            held, self._held = self._held, []
        for deliver in held:
            deliver()

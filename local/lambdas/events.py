"""The queue that Lambda keeps of events whose sender does not wait for an answer: SNS, EventBridge, S3, `InvocationType: Event`.

A function that fails, times out or dies gets its event again, twice by default; one that finds no place gets it later, for up to
six hours. Then the event goes to the function's destination for failures
(https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html). As on AWS an event may come twice.
"""

import logging
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from local.durable import Table
from local.errors import ServiceError
from local.lambdas.places import Places

RETRY_SECONDS = (1.0, 2.0)
"""Before the second and the third attempt. Lambda waits for one minute and for two."""

_LONGEST_BACKOFF = 300.0

_LOG = logging.getLogger("local.functions")

Record = dict[str, Any]


class Attempt(Enum):
    """How an attempt ended."""

    DONE = auto()
    FAILED = auto()
    """By the function: an exception, its time limit, its process' death."""
    THROTTLED = auto()
    """By Lambda: there was no place, or the function is not there yet."""


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What a function's owner set (`AWS::Lambda::EventInvokeConfig`)."""

    retries: int = 2
    most_seconds: float = 6 * 3600


@dataclass(frozen=True, kw_only=True)
class Caller:
    """What the queue calls. A function is named by its ARN.

    ``attempt`` runs it once with an event; ``give_up`` takes an event that is not tried again, with the last attempt's answer.
    """

    attempt: Callable[[str, Any], tuple[Attempt, Record]]
    rules: Callable[[str], Rules]
    give_up: Callable[[str, Any, Record], None]


def _soon(seconds: float, call: Callable[[], None]) -> None:
    timer = threading.Timer(seconds, call)
    timer.daemon = True
    timer.start()


def _aside(call: Callable[[], None]) -> None:
    threading.Thread(target=call, name="lambda-event", daemon=True).start()


class EventQueue:
    """Keeps each event in ``table`` until it is done or given up, so that it outlives the process."""

    def __init__(
        self,
        table: Table,
        places: Places,
        caller: Caller,
        *,
        later: Callable[[float, Callable[[], None]], None] = _soon,
        aside: Callable[[Callable[[], None]], None] = _aside,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._table, self._places, self._caller = table, places, caller
        self._later, self._aside, self._now = later, aside, now

    def put(self, function: str, event: Any) -> None:
        """Take an event over: it is kept when this returns."""
        key = uuid.uuid4().hex
        item = {"function": function, "event": event, "since": self._now(), "failures": 0, "throttles": 0}
        self._keep(key, item)
        self._enqueue(key, item)

    def resume(self) -> None:
        """Go on with the events that an earlier process left."""
        for key, item in self._table.items():
            self._enqueue(key, item)

    def _enqueue(self, key: str, item: Record) -> None:
        self._places.when_free(item["function"], lambda: self._aside(lambda: self._run(key, item)))

    def _run(self, key: str, item: Record) -> None:
        try:
            outcome, answer = self._caller.attempt(item["function"], item["event"])
        except Exception:  # noqa: BLE001  the edge of this thread: the event must not be lost with it
            _LOG.exception("an event of %s could not be tried", item["function"])
            outcome, answer = Attempt.THROTTLED, {}
        finally:
            self._places.give_back(item["function"])
        if outcome is Attempt.DONE:
            self._forget(key)
        else:
            self._try_again(key, item, outcome, answer)

    def _try_again(self, key: str, item: Record, outcome: Attempt, answer: Record) -> None:
        failed = outcome is Attempt.FAILED
        item = {**item, "failures": item["failures"] + failed, "throttles": item["throttles"] + (not failed)}
        rules = self._caller.rules(item["function"])
        if failed:
            pause = RETRY_SECONDS[min(item["failures"], len(RETRY_SECONDS)) - 1]
        else:
            pause = min(2.0 ** min(item["throttles"] - 1, 9), _LONGEST_BACKOFF)
        if item["failures"] > rules.retries or self._now() + pause - item["since"] > rules.most_seconds:
            self._caller.give_up(item["function"], item["event"], answer)
            self._forget(key)
            return
        self._keep(key, item)
        self._later(pause, lambda: self._enqueue(key, item))

    def _keep(self, key: str, item: Record) -> None:
        try:
            self._table.put(key, item)
        except ServiceError as error:
            _LOG.warning("an event of %s would not outlive this process: %s", item["function"], error.message)

    def _forget(self, key: str) -> None:
        try:
            self._table.remove(key)
        except ServiceError as error:
            _LOG.warning("an event that is done may come again: %s", error.message)

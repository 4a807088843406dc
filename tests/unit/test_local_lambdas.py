"""How the local cloud bounds its functions: places are given in order, and an event whose sender has left is not lost."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local.durable import Durable, Table
from local.lambdas.events import RETRY_SECONDS, Attempt, Caller, EventQueue, Rules
from local.lambdas.places import Places

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:settle"


def test_places_are_given_in_order_and_a_full_name_does_not_hold_the_others_up() -> None:
    places, admitted = Places(3, 2), []
    for number, name in enumerate(["api", "api", "api", "settle", "settle", "api"]):
        places.when_free(name, lambda n=number: admitted.append(n))  # type: ignore[misc]
    assert admitted == [0, 1, 3]  # the third of `api` waits for one of its own places
    places.give_back("api")
    assert admitted == [0, 1, 3, 2]
    places.give_back("settle")
    places.give_back("api")
    assert admitted == [0, 1, 3, 2, 4, 5]


def test_who_waits_too_long_has_no_place_and_keeps_none() -> None:
    places = Places(1, 1)
    assert places.take("api", 0)
    assert not places.take("api", 0)
    places.give_back("api")
    assert places.take("api", 0)


def test_never_more_run_at_a_time_than_there_are_places() -> None:
    places, running, most, guard = Places(3, 2), [0], [0], threading.Lock()

    def work() -> None:
        for _ in range(50):
            assert places.take("api")
            with guard:
                running[0] += 1
                most[0] = max(most[0], running[0])
            with guard:
                running[0] -= 1
            places.give_back("api")

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most[0] <= 2
    assert running == [0]


class Lambda:
    """A queue whose attempts end as ``outcomes`` say, in order, and whose time passes when it waits."""

    def __init__(self, table: Table, *outcomes: Attempt, rules: Rules | None = None) -> None:
        self.outcomes, self.rules = list(outcomes), rules or Rules()
        self.attempts: list[Any] = []
        self.given_up: list[tuple[Any, Any]] = []
        self.pauses: list[float] = []
        self.waiting: list[Callable[[], None]] = []
        self.now = 0.0
        caller = Caller(
            attempt=self._attempt, rules=lambda _: self.rules, give_up=lambda f, e, a: self.given_up.append((e, a))
        )
        self.places = Places(2, 1)
        self.queue = EventQueue(
            table, self.places, caller, later=self._later, aside=lambda call: call(), now=lambda: self.now
        )

    def run(self) -> None:
        """Let every pause pass."""
        while self.waiting:
            self.waiting.pop(0)()

    def _attempt(self, function: str, event: Any) -> tuple[Attempt, dict[str, Any]]:
        assert function == FUNCTION
        self.attempts.append(event)
        return self.outcomes.pop(0), {"body": len(self.attempts)}

    def _later(self, seconds: float, call: Callable[[], None]) -> None:
        self.pauses.append(seconds)
        self.now += seconds
        self.waiting.append(call)


@pytest.fixture
def table(tmp_path: Path) -> Table:
    return Durable(tmp_path).table("events")


def test_an_event_whose_function_dies_is_tried_again_and_then_goes_to_the_destination(table: Table) -> None:
    healed = Lambda(table, Attempt.FAILED, Attempt.FAILED, Attempt.DONE)
    healed.queue.put(FUNCTION, {"n": 1})
    healed.run()
    assert (len(healed.attempts), healed.pauses, healed.given_up) == (3, list(RETRY_SECONDS), [])

    hopeless = Lambda(table, *[Attempt.FAILED] * 3)
    hopeless.queue.put(FUNCTION, {"n": 2})
    hopeless.run()
    assert hopeless.given_up == [({"n": 2}, {"body": 3})]
    assert table.items() == []


def test_an_event_that_finds_no_place_is_tried_for_six_hours_and_uses_up_no_retry(table: Table) -> None:
    crowded = Lambda(table, *[Attempt.THROTTLED] * 12, Attempt.FAILED, Attempt.FAILED, Attempt.DONE)
    crowded.queue.put(FUNCTION, {})
    crowded.run()
    assert crowded.pauses[:10] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300]
    assert not crowded.given_up

    full = Lambda(table, *[Attempt.THROTTLED] * 200)
    full.queue.put(FUNCTION, {})
    full.run()
    assert len(full.given_up) == 1
    assert 6 * 3600 - 300 < full.now <= 6 * 3600


def test_the_owner_s_rules_hold(table: Table) -> None:
    once = Lambda(table, Attempt.FAILED, rules=Rules(retries=0))
    once.queue.put(FUNCTION, {})
    assert len(once.given_up) == 1
    brief = Lambda(table, Attempt.FAILED, Attempt.FAILED, rules=Rules(most_seconds=2))
    brief.queue.put(FUNCTION, {})
    brief.run()
    assert (brief.pauses, len(brief.given_up)) == ([1.0], 1)


def test_an_event_outlives_the_process_that_took_it(table: Table) -> None:
    killed = Lambda(table, Attempt.FAILED)
    killed.queue.put(FUNCTION, {"n": 1})  # its second attempt is due when the process dies
    after = Lambda(table, Attempt.FAILED, Attempt.FAILED)
    after.queue.resume()
    after.run()
    assert (after.attempts, after.given_up) == ([{"n": 1}] * 2, [({"n": 1}, {"body": 2})])
    assert table.items() == []

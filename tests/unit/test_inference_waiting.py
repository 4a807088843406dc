"""The line before the model: who leaves together, who is turned away, and how it ends."""

import threading
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atelier_inference.waiting import BusyError, Line


@dataclass(frozen=True, eq=False)
class Guest:
    key: str
    rows: int = 1


def line_of(*guests: Guest) -> Line[Guest]:
    line = Line[Guest](most=100)
    for guest in guests:
        line.join(guest)
    return line


def test_those_of_the_first_ones_key_leave_together_and_the_rest_keep_their_order() -> None:
    a, b, c, d = Guest("red"), Guest("blue"), Guest("red"), Guest("blue")
    line = line_of(a, b, c, d)
    assert line.next_batch(rows=8) == [a, c]
    assert line.next_batch(rows=8) == [b, d]


def test_a_batch_holds_no_more_pictures_than_it_may_but_always_its_first() -> None:
    wide, narrow, small = Guest("red", 6), Guest("red", 3), Guest("red", 2)
    line = line_of(wide, narrow, small)
    assert line.next_batch(rows=8) == [wide, small]
    assert line.next_batch(rows=2) == [narrow]


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 8)), max_size=30))
def test_everyone_is_served_once_and_the_first_is_never_passed_over(guests: list[tuple[str, int]]) -> None:
    waiting = [Guest(key, rows) for key, rows in guests]
    line = line_of(*waiting)
    line.close()
    served: list[Guest] = []
    while batch := line.next_batch(rows=8):
        first = next(guest for guest in waiting if guest not in served)
        assert batch[0] is first
        assert len({guest.key for guest in batch}) == 1
        assert len(batch) == 1 or sum(guest.rows for guest in batch) <= 8
        served += batch
    assert sorted(map(id, served)) == sorted(map(id, waiting))


def test_a_full_line_turns_away() -> None:
    line = Line[Guest](most=1)
    line.join(Guest("red"))
    with pytest.raises(BusyError, match="at most 1"):
        line.join(Guest("red"))


def test_a_closed_line_lets_nobody_in_and_is_drained() -> None:
    guest = Guest("red")
    line = line_of(guest)
    line.close()
    with pytest.raises(BusyError):
        line.join(Guest("red"))
    assert line.next_batch(rows=8) == [guest]
    assert line.next_batch(rows=8) == []


def test_whoever_serves_an_empty_line_waits_for_the_next_guest() -> None:
    line, guest = Line[Guest](most=1), Guest("red")
    served: list[list[Guest]] = []
    thread = threading.Thread(target=lambda: served.append(line.next_batch(rows=8)))
    thread.start()
    line.join(guest)
    thread.join(timeout=30)
    assert served == [[guest]]

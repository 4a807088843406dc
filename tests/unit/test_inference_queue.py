"""The queue before the model: which entries share a batch, when it is full, and how it ends."""

import threading
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atelier_inference.queue import BatchQueue, BusyError


@dataclass(frozen=True, eq=False)
class Entry:
    key: str
    rows: int = 1


def queue_of(*entries: Entry) -> BatchQueue[Entry]:
    queue = BatchQueue[Entry](most=100)
    for entry in entries:
        queue.put(entry)
    return queue


def test_entries_of_the_first_ones_key_leave_together_and_the_rest_keep_their_order() -> None:
    a, b, c, d = Entry("red"), Entry("blue"), Entry("red"), Entry("blue")
    queue = queue_of(a, b, c, d)
    assert queue.next_batch(rows=8) == [a, c]
    assert queue.next_batch(rows=8) == [b, d]


def test_a_batch_holds_no_more_pictures_than_it_may_but_always_its_first() -> None:
    wide, narrow, small = Entry("red", 6), Entry("red", 3), Entry("red", 2)
    queue = queue_of(wide, narrow, small)
    assert queue.next_batch(rows=8) == [wide, small]
    assert queue.next_batch(rows=2) == [narrow]


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 8)), max_size=30))
def test_every_entry_leaves_once_and_the_first_is_never_passed_over(entries: list[tuple[str, int]]) -> None:
    waiting = [Entry(key, rows) for key, rows in entries]
    queue = queue_of(*waiting)
    queue.close()
    served: list[Entry] = []
    while batch := queue.next_batch(rows=8):
        first = next(entry for entry in waiting if entry not in served)
        assert batch[0] is first
        assert len({entry.key for entry in batch}) == 1
        assert len(batch) == 1 or sum(entry.rows for entry in batch) <= 8
        served += batch
    assert sorted(map(id, served)) == sorted(map(id, waiting))


def test_a_full_queue_is_busy() -> None:
    queue = BatchQueue[Entry](most=1)
    queue.put(Entry("red"))
    with pytest.raises(BusyError, match="at most 1"):
        queue.put(Entry("red"))


def test_a_closed_queue_takes_nothing_and_is_drained() -> None:
    entry = Entry("red")
    queue = queue_of(entry)
    queue.close()
    with pytest.raises(BusyError):
        queue.put(Entry("red"))
    assert queue.next_batch(rows=8) == [entry]
    assert queue.next_batch(rows=8) == []


def test_an_empty_queue_makes_its_reader_wait() -> None:
    queue, entry = BatchQueue[Entry](most=1), Entry("red")
    served: list[list[Entry]] = []
    thread = threading.Thread(target=lambda: served.append(queue.next_batch(rows=8)))
    thread.start()
    queue.put(entry)
    thread.join(timeout=30)
    assert served == [[entry]]

"""The queue before the model: which entries share a batch, when it is full, and how it ends."""

import threading
from dataclasses import dataclass
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atelier_inference.mode import Job
from atelier_inference.queue import BatchQueue, BusyError
from contracts.batching import FEWEST_AT_ONCE, ROWS


@dataclass(frozen=True, eq=False)
class Entry:
    """What the queue needs of a job."""

    key: str
    rows: int
    styles: str


def job(key: str, rows: int = 1, styles: str = "") -> Job:
    return cast(Job, Entry(key, rows, styles))


def queue_of(*entries: Job) -> BatchQueue:
    queue = BatchQueue(most=100)
    for entry in entries:
        queue.put(entry)
    return queue


def test_entries_of_the_first_ones_key_leave_together_and_the_rest_keep_their_order() -> None:
    a, b, c, d = job("red"), job("blue"), job("red"), job("blue")
    queue = queue_of(a, b, c, d)
    assert queue.next_batch(rows=8) == [a, c]
    assert queue.next_batch(rows=8) == [b, d]


def test_a_batch_holds_no_more_pictures_than_it_may_but_always_its_first() -> None:
    wide, narrow, small = job("red", 6), job("red", 3), job("red", 2)
    queue = queue_of(wide, narrow, small)
    assert queue.next_batch(rows=8) == [wide, small]
    assert queue.next_batch(rows=2) == [narrow]


def test_a_batch_has_few_styles_where_many_wait_and_its_first_is_never_passed_over() -> None:
    entries = {name + str(number): job("red", styles=name) for number in range(3) for name in "abcd"}
    queue = queue_of(*entries.values())
    assert queue.next_batch(rows=8) == [entries[name] for name in ("a0", "a1", "a2", "b0", "b1", "b2", "c0", "c1")]
    queue.put(job("red", styles="a"))
    assert queue.next_batch(rows=2) == [entries[name] for name in ("d0", "d1")]


def batches(at_once: int) -> list[int]:
    """The sizes of batches where a platform keeps ``at_once`` requests here.

    It sends the next request when an answer is back: after the next batch was taken, where enough waits for one.
    """
    queue, waiting, coming, sizes = queue_of(*(job("red") for _ in range(at_once))), at_once, 0, []
    for _ in range(10):
        if not waiting:
            queue.put(job("red"))
            waiting, coming = 1, coming - 1
        sizes.append(len(queue.next_batch(rows=ROWS)))
        for _ in range(coming):
            queue.put(job("red"))
        waiting, coming = waiting - sizes[-1] + coming, sizes[-1]
    return sizes


def test_calls_are_full_where_the_platform_hands_over_the_fewest_requests_it_may() -> None:
    assert set(batches(FEWEST_AT_ONCE)) == {ROWS}
    assert 1 in batches(ROWS)


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 8), st.sampled_from("xyz")), max_size=30))
def test_every_entry_leaves_once_and_the_first_is_never_passed_over(entries: list[tuple[str, int, str]]) -> None:
    waiting = [job(*entry) for entry in entries]
    queue = queue_of(*waiting)
    queue.close()
    served: list[Job] = []
    while batch := queue.next_batch(rows=8):
        first = next(entry for entry in waiting if entry not in served)
        assert batch[0] is first
        assert len({entry.key for entry in batch}) == 1
        assert len(batch) == 1 or sum(entry.rows for entry in batch) <= 8
        served += batch
    assert sorted(map(id, served)) == sorted(map(id, waiting))


def test_a_full_queue_is_busy() -> None:
    queue = BatchQueue(most=1)
    queue.put(job("red"))
    with pytest.raises(BusyError, match="at most 1"):
        queue.put(job("red"))


def test_a_closed_queue_takes_nothing_and_is_drained() -> None:
    entry = job("red")
    queue = queue_of(entry)
    queue.close()
    with pytest.raises(BusyError):
        queue.put(job("red"))
    assert queue.next_batch(rows=8) == [entry]
    assert queue.next_batch(rows=8) == []


def test_a_batch_takes_only_the_rows_that_are_free_and_its_first_waits_for_them() -> None:
    wide, narrow, small = job("red", 3), job("red", 2), job("red", 1)
    queue = queue_of(wide, narrow, small)
    assert queue.next_batch(rows=8, taken=6) == []
    assert queue.next_batch(rows=8, taken=4) == [wide, small]
    assert queue.next_batch(rows=1, taken=0) == [narrow]


def waiting(queue: BatchQueue, *, taken: int = 0) -> tuple[threading.Thread, list[bool]]:
    told: list[bool] = []
    thread = threading.Thread(target=lambda: told.append(queue.wait(rows=8, taken=taken)))
    thread.start()
    return thread, told


def test_an_empty_queue_makes_its_reader_wait_for_a_job() -> None:
    queue = BatchQueue(most=1)
    thread, told = waiting(queue)
    queue.put(job("red"))
    thread.join(timeout=30)
    assert told == [True]


def test_who_waits_with_work_under_way_is_woken_though_no_job_fits() -> None:
    queue = queue_of(job("red", 3))
    thread, told = waiting(queue, taken=6)
    queue.wake()
    thread.join(timeout=30)
    assert told == [True]


def test_a_closed_queue_is_over_once_it_is_drained_and_nothing_is_under_way() -> None:
    queue = queue_of(job("red"))
    queue.close()
    assert queue.wait(rows=8)
    queue.next_batch(rows=8)
    queue.wake()
    assert queue.wait(rows=8, taken=1)
    assert not queue.wait(rows=8)

"""The invariants of batches notice the history that breaks them, and nothing in one that does not."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from tests.chaos.evidence import Evidence
from tests.chaos.history import History
from tests.chaos.invariants import violations

WHOLE = Evidence(rows={"row 1": ("succeeded",), "row 2": ("failed", "succeeded")})


def found(number: int, status: str, succeeded: int, **more: Any) -> Mapping[str, Any]:
    counts = {"total": 2, "succeeded": succeeded, "failed": 2 - succeeded}
    ended = status == "succeeded"
    return {
        "id": "b1",
        "round": number,
        "status": status,
        "completed_at": "noon" if ended else None,
        "counts": counts,
        "report": {} if not ended else {"data": "https://…"},
        **more,
    }


@pytest.fixture
def history() -> History:
    """A batch of two rows, of which one failed in the first round."""
    seen = History()
    seen.take_batch("key-b", "b1", ["row 1", "row 2"])
    for begun, (number, status, succeeded) in enumerate(((1, "starting", 0), (1, "succeeded", 1), (2, "starting", 1))):
        seen.see_batch("b1", begun, begun + 0.5, found(number, status, succeeded))
    return seen


def test_a_batch_is_open_until_its_newest_round_has_ended_and_unfinished_until_every_row_is_painted() -> None:
    seen = History()
    seen.take_batch("key-b", "b1", ["row 1", "row 2"])
    assert (seen.open_batches(), seen.unfinished()) == (["b1"], [])
    seen.see_batch("b1", 0, 1, found(1, "succeeded", 1))
    assert (seen.open_batches(), seen.unfinished()) == ([], ["b1"])
    seen.see_batch("b1", 2, 3, found(2, "processing", 1))
    assert (seen.open_batches(), seen.unfinished()) == (["b1"], [])
    seen.see_batch("b1", 4, 5, found(2, "succeeded", 2))
    assert (seen.open_batches(), seen.unfinished()) == ([], [])


def test_a_row_that_failed_may_be_painted_in_another_round(history: History) -> None:
    history.see_batch("b1", 8, 9, found(2, "succeeded", 2))
    assert violations(history, WHOLE) == {}


def test_what_never_ended_is_noticed(history: History) -> None:
    assert violations(history, WHOLE) == {"uneven": ["batch b1 never ended"]}


def test_a_round_that_goes_back_is_noticed(history: History) -> None:
    history.see_batch("b1", 8, 9, found(2, "succeeded", 2))
    history.see_batch("b1", 10, 11, found(2, "processing", 2))
    assert violations(history, WHOLE) == {"went back": ["b1#2 went back from succeeded to processing"]}


BROKEN: list[tuple[dict[str, Any], str]] = [
    ({"rows": {**WHOLE.rows, "row 1": ("succeeded", "succeeded")}}, "'row 1' was painted 2 times"),
    ({"rows": {"row 2": ("succeeded",)}}, "'row 1' was painted 0 times"),
    ({"rows": {"row 2": ("succeeded",)}}, "batch b1 of 2 rows says"),
    ({"waiting_items": ("item#1",)}, "item#1 still waits"),
    ({"running_batches": ("b1-2",)}, "execution b1-2 of a batch runs on"),
]


@pytest.mark.parametrize(("change", "words"), BROKEN)
def test_what_should_not_be_so_is_noticed(history: History, change: dict[str, Any], words: str) -> None:
    history.see_batch("b1", 8, 9, found(2, "succeeded", 2))
    said = violations(history, replace(WHOLE, **change))
    assert set(said) == {"uneven"}
    assert words in "\n".join(said["uneven"])


def test_one_key_for_two_batches_and_counts_of_other_rows_are_noticed(history: History) -> None:
    history.see_batch("b1", 8, 9, {**found(2, "succeeded", 2), "counts": {"total": 3, "succeeded": 2}})
    history.take_batch("key-b", "b2", [])
    said = violations(history, WHOLE)["uneven"]
    assert said[0] == "Idempotency-Key key-b made batches ['b1', 'b2']"
    assert any("batch b1 of 2 rows says" in each for each in said)

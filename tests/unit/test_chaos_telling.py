"""Each invariant of webhooks notices the history that breaks it, and nothing in one that does not."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from tests.chaos.evidence import Evidence
from tests.chaos.history import PREDICTION, History
from tests.chaos.invariants import violations
from tests.chaos.messages import END, START, Manner, Message, Webhook, missing

EVERY = ("start", "output", "completed")
TOLD = Message(
    name="msg_a_end",
    kind=END,
    manner=Manner.WELL,
    key="key-1",
    id="p1",
    status="succeeded",
    fixed="noon None",
    taken=True,
    genuine=True,
    late=False,
)
BEGUN = replace(TOLD, name="msg_a_start", kind=START, status="starting", fixed="")
RECORD = Webhook(name="a", of="p1", status="delivered")
WHOLE = Evidence(runs={"p1": 1}, attempts={"p1": 1}, outputs={"p1": 1}, messages=(BEGUN, TOLD), webhooks=(RECORD,))


def seen(*, status: str = "succeeded", manner: Manner = Manner.WELL, events: Sequence[str] = EVERY) -> History:
    """A prediction that ended so, whose client wanted to be told of these events."""
    history = History()
    asked = {"webhook": f"http://127.0.0.1:1/{manner}/key-1", "webhook_events_filter": list(events)}
    history.accept(PREDICTION, "key-1", {"id": "p1"}, asked)
    for begun, each in enumerate(("starting", status, status)):
        found = {"id": "p1", "status": each, "completed_at": "noon", "error": None}
        history.see("p1", begun, begun + 0.5, found)
    return history


def found_in(history: History, **change: Any) -> dict[str, list[str]]:
    return violations(history, replace(WHOLE, **change))


def test_what_was_told_breaks_nothing_and_may_be_told_twice() -> None:
    assert found_in(seen()) == {}
    assert found_in(seen(), messages=(TOLD, BEGUN, BEGUN, replace(TOLD, taken=False))) == {}


BROKEN: list[tuple[dict[str, Any], str, str]] = [
    ({"messages": (BEGUN,)}, "untold", "its well receiver took no message of its end"),
    ({"messages": (TOLD,)}, "untold", "took no message of its start"),
    ({"messages": (BEGUN, replace(TOLD, taken=False))}, "untold", "took no message of its end"),
    ({"messages": (BEGUN, replace(TOLD, late=True))}, "told late", "msg_a_end came hours late"),
    ({"messages": (BEGUN, TOLD, replace(TOLD, genuine=False))}, "told wrongly", "msg_a_end has a wrong signature"),
    ({"messages": (BEGUN, TOLD, replace(TOLD, name="msg_b_end"))}, "told wrongly", "its end is told by"),
    ({"messages": (BEGUN, TOLD, replace(BEGUN, key="key-2"))}, "told wrongly", "which that has not made"),
    ({"messages": (BEGUN, TOLD, replace(TOLD, status="processing", fixed=""))}, "told wrongly", "says processing"),
    ({"messages": (BEGUN, TOLD, replace(TOLD, status="failed"))}, "told wrongly", "says failed noon None, and a look"),
    ({"messages": (BEGUN, TOLD, replace(TOLD, fixed="one None"))}, "told wrongly", "says succeeded one None"),
    ({"strayed": ("POST /x",)}, "told wrongly", "a redirect was followed: POST /x"),
    ({"webhooks": (replace(RECORD, status="undelivered"),)}, "never given up", "still to be delivered"),
    ({"webhooks": (replace(RECORD, status="given up"),)}, "never given up", "is given up, its receiver well"),
    ({"webhooks": (RECORD, replace(RECORD, name="b"))}, "never given up", "p1 has 2 webhooks"),
    ({"webhooks": ()}, "never given up", "p1 has 0 webhooks"),
    ({"webhooks": (RECORD, Webhook(name="c", of="p0", status="undelivered"))}, "never given up", "webhook c of p0"),
]


@pytest.mark.parametrize(("change", "check", "words"), BROKEN)
def test_what_should_not_be_told_so_is_noticed(change: dict[str, Any], check: str, words: str) -> None:
    found = found_in(seen(), **change)
    assert set(found) == {check}
    assert words in "\n".join(found[check])


def test_a_message_that_only_a_forger_could_have_sent_tells_nothing() -> None:
    assert set(found_in(seen(), messages=(BEGUN, replace(TOLD, genuine=False)))) == {"untold", "told wrongly"}


@pytest.mark.parametrize(
    ("status", "events", "kinds"),
    [
        ("succeeded", ("output",), [END]),
        ("failed", ("output",), []),
        ("failed", ("output", "completed"), [END]),
        ("canceled", ("start", "completed"), [END, START]),
        ("canceled", ("start",), [START]),
    ],
)
def test_what_comes_is_what_the_filter_names(status: str, events: tuple[str, ...], kinds: list[str]) -> None:
    assert [kind for _, kind in missing(seen(status=status, events=events), (), list(Manner))] == kinds


def test_of_what_somebody_began_to_delete_nothing_needs_to_come() -> None:
    history = seen()
    history.doom("p1")
    assert found_in(history, messages=(), webhooks=()) == {}
    assert found_in(history, messages=(replace(TOLD, late=True),), webhooks=()) == {}


def test_what_nobody_ever_takes_is_given_up() -> None:
    history, refused = seen(manner=Manner.GONE), replace(TOLD, manner=Manner.GONE, taken=False)
    given_up = {"messages": (refused,), "webhooks": (replace(RECORD, status="given up"),)}
    assert found_in(history, **given_up) == {}
    assert set(found_in(history, **{**given_up, "webhooks": (RECORD,)})) == {"never given up"}
    nothing_to_tell = seen(status="failed", manner=Manner.GONE, events=("output",))
    assert found_in(nothing_to_tell, messages=()) == {}


def catalogue(*, rounds: int = 2) -> History:
    """A batch that was canceled and gone on with until its last round succeeded, whose client wanted to be told."""
    history = History()
    asked = {"webhook": "http://127.0.0.1:1/well/key-b", "webhook_events_filter": ["start", "completed"]}
    history.take_batch("key-b", "b1", ["red"], asked)
    for number in range(1, rounds + 1):
        for begun, status in enumerate(("starting", "succeeded" if number == rounds else "canceled")):
            counts = {"total": 1, "succeeded": int(number == rounds)}
            found = {"status": status, "completed_at": f"noon {number}", "error": None, "round": number}
            history.see_batch("b1", begun, begun + 0.5, {**found, "counts": counts, "report": {"page": "p"}})
    return history


OF_BATCH = replace(TOLD, name="msg_c_end", key="key-b", id="b1#2", fixed="noon 2 None")
BEGUN_BATCH = replace(OF_BATCH, name="msg_c_start", kind=START, status="starting", fixed="")
BATCH_WHOLE = Evidence(rows={"red": ("succeeded",)}, messages=(BEGUN_BATCH, OF_BATCH))


def test_of_a_batch_its_newest_round_is_told() -> None:
    assert violations(catalogue(), BATCH_WHOLE) == {}
    earlier = replace(OF_BATCH, name="msg_b_end", id="b1#1", status="canceled", fixed="noon 1 None")
    assert violations(catalogue(), replace(BATCH_WHOLE, messages=(earlier, BEGUN_BATCH, OF_BATCH))) == {}


@pytest.mark.parametrize(
    ("messages", "invariant", "said"),
    [
        ((BEGUN_BATCH,), "untold", "batch b1#2 (key key-b): its well receiver took no message of its end"),
        ((BEGUN_BATCH, replace(OF_BATCH, id="b1#1", status="canceled", fixed="noon 1 None")), "untold", "of its end"),
        ((BEGUN_BATCH, OF_BATCH, replace(OF_BATCH, id="b2#1")), "told wrongly", "which that has not made"),
        ((BEGUN_BATCH, OF_BATCH, replace(OF_BATCH, status="starting", fixed="")), "told wrongly", "says starting"),
        ((BEGUN_BATCH, OF_BATCH, replace(OF_BATCH, name="msg_d_end")), "told wrongly", "its end is told by"),
    ],
)
def test_a_batch_that_is_told_of_wrongly_or_not_at_all_is_noticed(
    messages: tuple[Message, ...], invariant: str, said: str
) -> None:
    found = violations(catalogue(), replace(BATCH_WHOLE, messages=messages))
    assert said in "; ".join(found[invariant])

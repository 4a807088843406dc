"""Each invariant of the chaos suite notices the history that breaks it, and nothing in one that does not."""

from dataclasses import replace
from typing import Any

import pytest

from tests.chaos.evidence import Evidence, Run, Version
from tests.chaos.history import PREDICTION, TRAINING, History
from tests.chaos.invariants import violations

ALL = frozenset({"Segment", "Publish", "Promote"})
ONE = Version(style="coat", number=1, run="coat-1", package="coat/1", complete=True, newest_is_manifest=True)
WHOLE = Evidence(
    runs={"p1": 1},
    attempts={"p1": 1},
    outputs={"p1": 1},
    trainings={"coat-1": Run(status="succeeded", started=ALL, version="coat@1")},
    versions=(ONE,),
    latest={"coat": 1},
    packages={"coat/1": "Approved"},
    endpoints={"atelier-local-style-coat-v1": ("coat", 1)},
    jobs=("coat-1",),
)


def look(history: History, one: str, begun: float, status: str, at: str = "noon") -> None:
    found = {"id": one, "status": status, "completed_at": at, "error": None}
    history.see(one, begun, begun + 0.5, found if status != "gone" else None)


@pytest.fixture
def history() -> History:
    """A prediction and a training that went well."""
    seen = History()
    seen.accept(PREDICTION, "key-p", {"id": "p1"})
    seen.accept(TRAINING, "key-t", {"id": "coat-1"})
    for one in ("p1", "coat-1"):
        for begun, status in enumerate(("starting", "processing", "succeeded", "succeeded")):
            look(seen, one, begun, status)
    return seen


def test_what_went_well_breaks_nothing(history: History) -> None:
    assert violations(history, WHOLE) == {}


def test_looks_at_the_same_time_may_come_in_any_order(history: History) -> None:
    """One that was sent before the end, and answered after another one had said it."""
    history.see("p1", 1.9, 9.0, {"id": "p1", "status": "processing", "completed_at": None})
    assert violations(history, WHOLE) == {}


BROKEN_LOOKS = [
    ([("p2", 0, "starting", "")], "lost", "prediction p2 (key key-2) never ended: starting"),
    ([], "lost", "never ended: never seen"),
    ([("p2", 0, "gone", ""), ("p2", 1, "failed", "noon")], "lost", "was not found"),
    ([("p2", 0, "failed", "noon"), ("p2", 1, "processing", "")], "went back", "from failed to processing"),
    ([("p2", 0, "processing", ""), ("p2", 1, "starting", ""), ("p2", 2, "failed", "")], "went back", "p2 went back"),
    ([("p2", 0, "failed", "noon"), ("p2", 1, "succeeded", "noon")], "went back", "p2 had ended as failed"),
    ([("p2", 0, "failed", "noon"), ("p2", 1, "failed", "one")], "went back", "then as failed one"),
    ([("p2", 0, "succeeded", "noon")], "half done", "p2 succeeded and has no pictures"),
]


@pytest.mark.parametrize(("looks", "check", "words"), BROKEN_LOOKS)
def test_what_a_client_should_not_see_is_noticed(
    history: History, looks: list[tuple[str, float, str, str]], check: str, words: str
) -> None:
    history.accept(PREDICTION, "key-2", {"id": "p2"})
    for one, begun, status, at in looks:
        look(history, one, begun, status, at)
    found = violations(history, WHOLE)
    assert set(found) == {check}
    assert words in "\n".join(found[check])


def test_a_model_may_paint_again_what_was_submitted_again_or_cut_off(history: History) -> None:
    repeated = replace(WHOLE, runs={"p1": 3}, attempts={"p1": 2}, cut_off={"p1": 1})
    assert violations(history, repeated) == {}


def test_one_key_for_two_is_noticed(history: History) -> None:
    history.accept(PREDICTION, "key-p", {"id": "p3"})
    look(history, "p3", 0, "canceled")
    assert violations(history, WHOLE) == {"doubled": ["Idempotency-Key key-p made ['p1', 'p3']"]}


def test_a_request_that_was_never_answered_is_noticed(history: History) -> None:
    history.leave("key-4", PREDICTION, "/v1/predictions", {})
    assert violations(history, WHOLE) == {"lost": ["POST /v1/predictions with key key-4 was never answered"]}


def test_what_a_client_asked_to_delete_may_be_gone_without_an_answer(history: History) -> None:
    history.doom("p1")
    look(history, "p1", 9, "gone")
    assert set(violations(history, WHOLE)) == {"half done"}
    assert violations(history, replace(WHOLE, outputs={})) == {}


def test_what_is_left_of_something_deleted_is_noticed(history: History) -> None:
    history.delete("p1")
    assert violations(history, WHOLE) == {"half done": ["prediction p1 was deleted and has pictures"]}
    assert violations(history, replace(WHOLE, outputs={})) == {}


FAILED = Run(status="failed", started=frozenset({"Segment"}))
BROKEN_EVIDENCE: list[tuple[dict[str, Any], str, str]] = [
    ({"gave_up": frozenset({"p1"})}, "lost", "ended only because the time"),
    ({"runs": {"p1": 2}}, "doubled", "painted 2 times, submitted 1 times"),
    ({"runs": {"p1": 4}, "attempts": {"p1": 2}, "cut_off": {"p1": 1}}, "doubled", "painted 4 times, submitted 2 times"),
    ({"jobs": ("coat-1", "coat-1")}, "doubled", "trained 2 times"),
    ({"versions": (replace(ONE, complete=False),)}, "half published", "lacks files"),
    ({"versions": (replace(ONE, newest_is_manifest=False),)}, "half published", "newer than its manifest"),
    ({"packages": {"coat/1": "PendingManualApproval"}}, "half published", "its package PendingManualApproval"),
    ({"packages": {"coat/1": "Rejected"}}, "misnamed", "coat means version 1, which was rejected"),
    ({"packages": {}}, "half published", "its package gone"),
    ({"versions": (), "latest": {}, "endpoints": {}}, "half published", "succeeded with coat@1, which is not"),
    ({"latest": {"coat": 2}}, "misnamed", "coat means version 2, which is not published"),
    ({"latest": {}}, "misnamed", "though 1 was promoted"),
    ({"endpoints": {"e": ("coat", 2)}}, "left behind", "endpoint e is there"),
    ({"orphans": ("77 python",)}, "left behind", "77 python outlived"),
    ({"running": ("job-1",)}, "left behind", "job-1 runs"),
    ({"left_folders": ("w1",)}, "left behind", "folder w1"),
]


@pytest.mark.parametrize(("change", "check", "words"), BROKEN_EVIDENCE)
def test_what_should_not_be_there_is_noticed(history: History, change: dict[str, Any], check: str, words: str) -> None:
    found = violations(history, replace(WHOLE, **change))
    assert set(found) == {check}
    assert words in "\n".join(found[check])


def test_a_version_of_a_run_that_failed_before_is_noticed_and_that_of_one_that_was_taken_up_is_not(
    history: History,
) -> None:
    taken_up = Run(status="succeeded", started=ALL, version="coat@1", resumes="coat-1")
    failed = replace(WHOLE, trainings={"coat-1": FAILED})
    assert {*violations(history, failed)} == {"half published", "misnamed", "left behind"}
    assert violations(history, replace(WHOLE, trainings={"coat-1": FAILED, "coat-2": taken_up})) == {}
    trained_again = replace(WHOLE, trainings={"coat-1": FAILED, "coat-2": taken_up}, jobs=("coat-1", "coat-2"))
    assert {*violations(history, trained_again)} == {"doubled"}


def test_a_dead_letter_about_what_has_not_ended_is_noticed(history: History) -> None:
    letters = ({"Body": "about p1"}, {"Body": "about p5"})
    assert violations(history, replace(WHOLE, dead_letters=letters)) == {}
    history.accept(PREDICTION, "key-5", {"id": "p5"})
    found = violations(history, replace(WHOLE, dead_letters=letters))
    assert found["unaccounted"] == ["a dead letter is about p5, which has not ended"]


def test_who_was_refused_at_last_was_answered() -> None:
    history = History()
    history.leave("key-1", PREDICTION, "/v1/predictions", {})
    assert violations(history, Evidence()) == {"lost": ["POST /v1/predictions with key key-1 was never answered"]}
    history.refuse("422 version: got 'cape'", "key-1")
    assert violations(history, Evidence()) == {}

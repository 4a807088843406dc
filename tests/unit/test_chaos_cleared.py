"""The invariants of a style that is deleted whole notice what came back, what is left, and what should have stayed."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.chaos.clearance import Clearance
from tests.chaos.discards import CAPE, Discard
from tests.chaos.door import Answer
from tests.chaos.evidence import Evidence, Run, Version
from tests.chaos.history import TRAINING, History
from tests.chaos.invariants import violations

FOREVER = float("inf")
ENDED = {"status": "succeeded", "completed_at": "noon"}
RUN = f"{CAPE}-1"


def package(number: int) -> str:
    return f"arn:aws:sagemaker:us-east-1:123456789012:model-package/atelier-local-{CAPE}/{number}"


def version(number: int) -> Version:
    return Version(style=CAPE, number=number, run="import-1", package="", complete=True, newest_is_manifest=True)


def discard(begun: float, *numbers: int, sure: bool = True) -> Discard:
    return Discard(begun=begun, ended=begun + 1 if sure else FOREVER, numbers=frozenset(numbers), sure=sure)


WHOLE = Evidence(
    versions=(version(3),),
    folders={CAPE: frozenset({3})},
    packages={package(1): "Rejected", package(2): "Rejected", package(3): "Approved"},
    trainings={RUN: Run(status="succeeded", started=frozenset({"Publish", "Promote"}), version=f"{CAPE}@2")},
)


@pytest.fixture
def history() -> History:
    """Version 1 was brought and 2 trained, both were deleted with the style, and 3 was brought afterwards."""
    seen = History()
    seen.discards.bring("key-1", 1, 0)
    seen.accept(TRAINING, "key-t", {"id": RUN})
    seen.see(RUN, 2, 3, ENDED)
    seen.discards.discard(discard(10, 1))
    seen.discards.bring("key-3", 3, 20)
    return seen


def test_what_went_well_breaks_nothing(history: History) -> None:
    assert violations(history, WHOLE) == {}


BROKEN: list[tuple[Evidence, str]] = [
    (replace(WHOLE, versions=(version(1), version(3))), f"{CAPE}@1 was deleted with its style and is there"),
    (replace(WHOLE, versions=(version(2), version(3))), f"{CAPE}@2 was deleted with its style and is there"),
    (replace(WHOLE, folders={CAPE: frozenset({1, 3})}), "files of it are left"),
    (replace(WHOLE, packages={**WHOLE.packages, package(1): "Approved"}), "its package is ['Approved']"),
    (replace(WHOLE, packages={package(2): "Rejected"}), f"{CAPE}@1 was deleted with its style, its package is gone"),
    (replace(WHOLE, versions=()), f"{CAPE}@3 of key key-3 was brought when nobody deleted, and is gone"),
    (replace(WHOLE, deletions=(f"deletion#{CAPE}",)), f"deletion#{CAPE} is never finished"),
]


@pytest.mark.parametrize(("evidence", "words"), BROKEN)
def test_what_came_back_or_went_is_noticed(history: History, evidence: Evidence, words: str) -> None:
    assert words in "\n".join(violations(history, evidence)["brought back"])


def test_a_number_that_comes_again_is_noticed(history: History) -> None:
    history.discards.bring("key-4", 1, 30)
    assert f"{CAPE}@1 is the version of several keys" in violations(history, WHOLE)["brought back"]


def test_a_deletion_that_nobody_heard_of_may_be_done_at_any_time_or_never(history: History) -> None:
    history.discards.discard(discard(15, 1, sure=False))
    assert violations(history, WHOLE) == {}
    assert violations(history, replace(WHOLE, versions=())) == {}


@pytest.mark.parametrize(("begun", "is_wrong"), [(11.5, True), (10.5, False)])
def test_a_style_that_is_deleted_under_a_training_is_noticed(begun: float, is_wrong: bool) -> None:
    history = History()
    history.accept(TRAINING, "key-t", {"id": RUN})
    history.see(RUN, 8, 9, {"status": "processing"})
    history.see(RUN, begun, 12, {"status": "processing"})
    history.see(RUN, 13, 14, ENDED)
    history.discards.discard(discard(10))
    found = violations(history, Evidence(trainings=WHOLE.trainings))
    assert found == ({"deleted at work": [f"{CAPE} was deleted while training {RUN} ran"]} if is_wrong else {})


class Door:
    """Answers everything with one version."""

    def __init__(self, history: History) -> None:
        self.history = history

    def insist(self, method: str, path: str, body: object = None, *, key: str = "") -> Answer:
        made = {"version": f"{CAPE}@1", "versions": [{"number": 1}]}
        return Answer(status=201 if method == "POST" else 200, body=made, begun=0, ended=1)

    def call(self, method: str, path: str) -> Answer:
        return Answer(status=200, body={}, begun=0, ended=1)

    def post(self, *asked: object, key: str) -> str:
        return "p1"


DONE: list[tuple[Callable[[Clearance], None], str]] = [
    (lambda clearance: clearance.look(), "is shown"),
    (lambda clearance: clearance.promote(1), "was promoted"),
    (lambda clearance: clearance.bring("key-1"), "came again"),
    (lambda clearance: clearance.paint("key-p", 1), "was painted with"),
]


@pytest.mark.parametrize(("do", "what"), DONE)
def test_what_can_still_be_done_with_a_deleted_version_is_noticed(do: Callable[[Clearance], None], what: str) -> None:
    history = History()
    history.discards.bring("key-1", 1, 0)
    history.discards.discard(discard(-10, 1))
    door: object = Door(history)
    do(Clearance(door=door, history=history, workload=None, weights=""))  # type: ignore[arg-type]
    assert history.missed == [f"{CAPE}@1 was deleted with its style and {what} afterwards"]

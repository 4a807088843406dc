"""Faults that are switched on happen as often as that was done, and no oftener."""

import threading
from collections import Counter
from pathlib import Path

import pytest

from local.disturbed import Disturbed
from local.faults import CALLS, EVENTS, SNS, Fault, Faults


@pytest.fixture
def faults(tmp_path: Path) -> Faults:
    return Faults(tmp_path)


def test_a_fault_happens_as_often_as_it_was_switched_on(faults: Faults) -> None:
    faults.switch_on(Fault.THROTTLED, "CreateModelPackage", times=2)
    faults.switch_on(Fault.THROTTLED, "CreateModelPackage")
    assert not faults.happens(Fault.THROTTLED, "CreateModelPackageGroup")
    happened = [faults.happens(Fault.THROTTLED, "CreateModelPackage") for _ in range(4)]
    assert happened == [True, True, True, False]


def test_what_did_not_happen_is_switched_off_and_counted(faults: Faults) -> None:
    faults.set_quotas({"ml.g5.xlarge for endpoint usage": 1})
    faults.use_up("ml.g5.xlarge")
    faults.switch_on(Fault.FAILED, "s3:PutObject", times=3)
    faults.switch_on(Fault.DROPPED, SNS)
    assert faults.first(CALLS, "s3:PutObject") is Fault.FAILED
    assert faults.switch_off() == Counter({Fault.FAILED: 2, Fault.DROPPED: 1})
    assert faults.first(CALLS, "s3:PutObject") is None
    assert (faults.quota("ml.g5.xlarge for endpoint usage"), faults.available("ml.g5.xlarge")) == (1, False)


@pytest.mark.parametrize(
    ("fault", "arrived"),
    [
        (None, ["a", "b"]),
        (Fault.DROPPED, ["b"]),
        (Fault.DOUBLED, ["a", "a", "b"]),
        (Fault.DELAYED, ["b", "a"]),
        (Fault.REORDERED, ["b", "a"]),
    ],
)
def test_deliveries_are_disturbed(
    faults: Faults, monkeypatch: pytest.MonkeyPatch, fault: Fault | None, arrived: list[str]
) -> None:
    seen, late = list[str](), list[threading.Timer]()
    # Nothing is late by the clock here: what waits comes when the test lets it.
    monkeypatch.setattr(threading.Timer, "start", lambda timer: late.append(timer))
    deliver = Disturbed(seen.append, faults, SNS)
    faults.switch_on(Fault.DROPPED, EVENTS)  # another kind of delivery
    if fault:
        faults.switch_on(fault, SNS)
    before = set(threading.enumerate())
    deliver("a")
    for thread in set(threading.enumerate()) - before:
        thread.join()
    deliver("b")
    for timer in late:
        timer.function()
    assert seen == arrived


def test_a_delivery_that_no_other_one_follows_is_made_in_the_end(faults: Faults) -> None:
    arrived = threading.Event()
    deliver = Disturbed(lambda _: arrived.set(), faults, SNS, seconds=0)
    faults.switch_on(Fault.REORDERED, SNS)
    deliver("alone")
    assert arrived.wait(30)

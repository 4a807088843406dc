"""Approvals and endpoints whose event never came: the sweep lets their runs go on, or fail, as the event would have."""

import pytest

from atelier_ops.gateways.endpoints import EndpointState
from atelier_ops.gateways.records import WAITING, Record
from atelier_ops.logic import approval, endpoint
from atelier_ops.logic.lost_events import LATE, Dependencies, settle_waiting
from tests.unit.ops_fakes import NOW, MemoryEndpoints, MemoryPackages, MemoryRecords, MemoryTokens

PACKAGE = "arn:aws:sagemaker:us-east-1:123456789012:model-package/atelier-test-skirt/"
OLD = int(NOW) - LATE - 1


def swept(*records: Record, endpoints: MemoryEndpoints | None = None) -> tuple[dict[str, tuple[str, object]], set[str]]:
    """What the waiting runs were told by two sweeps, and which of them wait on."""
    known, tokens = MemoryRecords(), MemoryTokens()
    decisions = {"1": ("Approved", ""), "2": ("Rejected", "too blue"), "3": ("PendingManualApproval", "")}
    packages = MemoryPackages(decisions={f"{PACKAGE}{number}": each for number, each in decisions.items()})
    for record in records:
        known.put(record)
    look = Dependencies(records=known, tokens=tokens, packages=packages, endpoints=endpoints or MemoryEndpoints())
    for _ in range(2):
        list(settle_waiting(look, NOW))
    return tokens.answers, set(known.items)


def test_a_decision_whose_event_was_lost_reaches_its_run() -> None:
    asked = [approval.waiting(f"{PACKAGE}{number}", f"token-{number}", "run", OLD) for number in (1, 2, 3, 4)]
    told, waits = swept(*asked)
    assert told == {
        "token-1": ("success", {"package": f"{PACKAGE}1", "status": "Approved"}),
        "token-2": (approval.REJECTED, f"{PACKAGE}2: rejected: too blue"),
        "token-4": (approval.REJECTED, f"{PACKAGE}4: rejected: it was deleted"),
    }
    assert waits == {asked[2].key}


def test_an_endpoint_whose_event_was_lost_reaches_its_run() -> None:
    states = {"up": "InService", "down": "Failed", "young": "Creating"}
    endpoints = MemoryEndpoints(endpoints={name: EndpointState(name=name, status=s) for name, s in states.items()})
    told, waits = swept(*(endpoint.waiting(name, name, "run", OLD) for name in states), endpoints=endpoints)
    assert (told["up"][0], told["down"][0]) == ("success", endpoint.FAILED)
    assert waits == {endpoint.endpoint_key("young")}


def test_what_may_still_be_told_of_and_what_is_not_ours_is_left_alone() -> None:
    """SageMaker may not find an endpoint yet that was made this moment."""
    young = endpoint.waiting("new", "new", "run", int(NOW) - LATE + 1)
    other = Record(key="smoke#1", status=WAITING, expires_at=int(NOW), data={"token": "smoke"})
    told, waits = swept(young, other)
    assert (told, waits) == ({}, {young.key, other.key})


def test_what_cannot_be_looked_up_keeps_no_other_run_waiting() -> None:
    class Away(MemoryEndpoints):
        def state(self, name: str) -> EndpointState | None:
            raise RuntimeError("SageMaker is away")

    known, tokens = MemoryRecords(), MemoryTokens()
    for record in (endpoint.waiting("one", "one", "run", OLD - 9), approval.waiting(f"{PACKAGE}2", "two", "run", OLD)):
        known.put(record)
    packages = MemoryPackages(decisions={f"{PACKAGE}2": ("Approved", "")})
    look = Dependencies(records=known, tokens=tokens, packages=packages, endpoints=Away())
    with pytest.raises(ExceptionGroup, match="settled: 1"):
        list(settle_waiting(look, NOW))
    assert set(tokens.answers) == {"two"}

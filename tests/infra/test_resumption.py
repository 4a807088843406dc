"""A run that failed is taken up where it failed: every failure says where, and the choice after Prepare leads there with what was known."""

from typing import Any

import pytest

from tests.infra.conftest import Machine, Synthesized
from tests.infra.definition import evaluate
from tests.infra.plan import plan, variables

POINTS = [
    "Segment",
    "SearchChoice",
    "Evaluate",
    "Gate",
    "EvaluatesAgain",
    "EnsureModelPackageGroup",
    "Register",
    "MissesGate",
    "Approval",
    "DeployChoice",
    "LeavesEndpoints",
    "Notify",
]


def test_every_part_of_the_run_is_a_point_where_a_later_one_can_start(dev: Synthesized) -> None:
    assert dev.definition["States"]["Prepare"]["Arguments"]["Payload"]["points"] == POINTS


@pytest.mark.parametrize("at", ["", *POINTS])
def test_a_run_starts_at_the_point_that_its_plan_names_with_the_variables_of_the_one_before(
    dev: Synthesized, at: str
) -> None:
    start = dev.definition["States"]["Start"]
    earlier = {name: value for name, value in variables().items() if name not in ("plan", "states")}
    known = {"plan": plan(at=at, known=earlier)}
    taken = [rule for rule in start["Choices"] if evaluate(rule["Condition"], known)]
    assert [rule["Next"] for rule in taken] == ([] if at in ("", "Segment") else [at])
    for rule in taken:
        assigned = evaluate(rule["Assign"], known)
        assert assigned == {name: earlier[name] for name in assigned}
    assert start["Default"] == "Segment"


@pytest.mark.parametrize(
    ("state", "at"),
    [
        ("FineTune", "SearchChoice"),
        ("AdoptFineTune", "SearchChoice"),
        ("Search", "SearchChoice"),
        ("AdoptSearch", "SearchChoice"),
        ("BestTrial", "SearchChoice"),
        ("Gate", "Gate"),
        ("Register", "Register"),
        ("Reject", "MissesGate"),
        ("RequestApproval", "Approval"),
        ("Publish", "DeployChoice"),
        ("DeployEndpoint", "DeployChoice"),
        ("SmokeTest", "DeployChoice"),
        ("Promote", "DeployChoice"),
        ("RemoveEndpoints", "LeavesEndpoints"),
        ("Notify", "Notify"),
    ],
)
def test_a_failure_says_where_to_go_on(dev: Synthesized, state: str, at: str) -> None:
    assert record_of(dev.definition["States"][state])["at"] == at


def record_of(state: dict[str, Any]) -> dict[str, Any]:
    """What the state's last catch keeps of a failure."""
    record: dict[str, Any] = state["Catch"][-1]["Assign"]["failure"]
    return record


def test_a_gate_that_is_not_passed_is_looked_at_again(dev: Synthesized) -> None:
    failure = dev.definition["States"]["GatePassed"]["Assign"]["failure"]
    assert (failure["step"], failure["at"]) == ("Gate", "Gate")
    assert set(failure["known"]) == {"notes", "artifact", "trained"}


def test_what_a_failure_keeps_is_what_the_start_needs(machine: Machine) -> None:
    """Of one point all failures keep the same, and a run that starts there assigns just that."""
    states = machine.definition["States"]
    needed = {rule["Next"]: set(rule["Assign"]) for rule in states["Start"]["Choices"]}
    needed[states["Start"]["Default"]] = {"notes"}
    records = [
        record_of(state)
        for name, state in machine.tasks.items()
        if name not in ("Prepare", "RecordFailure", "UndoRollout")
    ]
    assert {record["at"] for record in records} == set(needed)
    for record in records:
        assert set(record["known"]) == needed[record["at"]]
        assert all(value == f"{{% ${name} %}}" for name, value in record["known"].items())


def test_what_prepare_refuses_cannot_be_taken_up(machine: Machine) -> None:
    assert "at" not in record_of(machine.definition["States"]["Prepare"])

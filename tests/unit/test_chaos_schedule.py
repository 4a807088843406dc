"""A chaos run does what its seed says."""

import pytest

from local.faults import Fault
from tests.chaos.messages import Manner
from tests.chaos.schedule import ASKED_AS, CLEARANCE, DOORS, LISTS, SHELF_ACTS, Act, Amounts, schedule

LONG = Amounts.of(600, restarts=True)


@pytest.fixture(scope="module")
def acts() -> list[Act]:
    return schedule(1, 600, LONG)


def test_the_same_seed_gives_the_same_run_and_another_seed_another(acts: list[Act]) -> None:
    assert schedule(1, 600, LONG) == acts
    assert schedule(2, 600, LONG) != acts
    assert sorted(acts, key=lambda act: act.at) == acts


def test_ten_minutes_have_what_the_suite_is_for(acts: list[Act]) -> None:
    kinds = [act.kind for act in acts]
    assert kinds.count("predict") >= 500
    assert kinds.count("train") >= 20
    assert sum(kinds.count(kind) for kind in ("switch", "kill", "clock", "disk", "restart")) >= 200
    assert {act.detail["then"] for act in acts if act.kind == "predict"} >= {"cancel", "race", "delete", "repeat"}


def test_every_fault_has_its_turn(acts: list[Act]) -> None:
    switched = {Fault(act.detail["fault"]) for act in acts if act.kind == "switch"}
    assert switched == set(Fault)
    killed = {(act.detail["process"], act.detail["signal"]) for act in acts if act.kind == "kill"}
    assert killed >= {("model server", "KILL"), ("model server", "STOP"), ("function", "KILL"), ("job", "KILL")}


def test_everything_that_clients_do_has_its_turn(acts: list[Act]) -> None:
    def seen(kind: str, what: str) -> set[str]:
        return {act.detail[what] for act in acts if act.kind == kind}

    assert seen("predict", "door") == set(DOORS)
    assert seen("predict", "told") == {"", *Manner}
    assert seen("list", "what") == set(LISTS)
    assert seen("shelf", "do") == set(SHELF_ACTS)
    assert seen("upload", "then") == {"", "delete"}
    assert seen("picture", "as") == set(ASKED_AS)
    assert seen("picture", "by") == {"mask", "words", ""}
    assert seen("picture", "format") == {"b64_json", "url"}
    assert seen("clearance", "do") == set(CLEARANCE)
    assert seen("knock", "what") <= set(LISTS)


def test_a_short_run_has_only_what_ends_soon() -> None:
    amounts = Amounts.of(10, restarts=True)
    acts = schedule(1, 10, amounts)
    assert (amounts.executions, amounts.restarts) == (0, 0)
    assert {act.kind for act in acts} >= {"predict", "switch"}
    assert all(0 <= act.at <= 10 for act in acts)

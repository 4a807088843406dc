"""What functions and states cost: as many as the templates have, with the memory that the templates give them."""

import json
from typing import Any

import pytest

from cli.cost import run_cost
from infra.config import STAGES
from infra.costs import report
from infra.function_costs import MEMORY_MIB, STATES_AROUND, STATES_OF_AN_ITEM, of_batch, of_predictions
from tests.infra.conftest import Synthesized


def test_functions_have_the_memory_that_is_reckoned_with(dev: Synthesized) -> None:
    functions = [each["Properties"] for each in dev.resources("AWS::Lambda::Function").values()]
    found = {
        str(each.get("Handler", "")).split(".")[-2:-1][0]: each["MemorySize"] for each in functions if "Handler" in each
    }
    # Stages with real-time endpoints have the others' functions and one more (test_real_time.py).
    expected = {name: memory for name, memory in MEMORY_MIB.items() if name != "ask_endpoint"}
    assert {name: found[name] for name in expected} == expected
    assert {each["Architectures"][0] for each in functions if each["Handler"].startswith("atelier_ops.")} == {"arm64"}


def test_a_batch_enters_the_states_that_are_reckoned_with(dev: Synthesized) -> None:
    machine = dev.machine("Batches")
    entered, name = list[str](), machine["StartAt"]
    while name:
        entered.append(name)
        state: Any = machine["States"][name]
        name = state["Choices"][0]["Next"] if state["Type"] == "Choice" else state.get("Next", "")
    assert tuple(entered) == STATES_AROUND
    assert 1 + len(machine["States"]["PaintItems"]["ItemProcessor"]["States"]) == STATES_OF_AN_ITEM


def test_invocations_are_counted_and_their_time_is_priced() -> None:
    open_stage, signed = of_predictions(STAGES["dev"], 1_000), of_predictions(STAGES["prod"], 1_000)
    assert (open_stage.invocations, open_stage.transitions) == (3_000, 0)
    assert signed.invocations == (2_000 if STAGES["prod"].api.signed else 3_000)
    assert open_stage.dollars == pytest.approx(0.0006)
    assert open_stage.dollars_a_time == pytest.approx(1_000 * 2.25 * 0.1 * 0.0000133334)
    batch = of_batch(STAGES["dev"], 10_000)
    assert (batch.invocations, batch.transitions) == (30_000, 20_005)
    assert batch.dollars == pytest.approx(20_005 * 0.000025 + 30_000 * 0.0000002)
    assert batch.dollars_a_time == pytest.approx(10_000 * 2.5 * 0.1 * 0.0000133334)


def test_the_report_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    told = report(STAGES["dev"])
    assert "30,000 invocations and 20,005 state transitions $0.5061" in told
    assert "3,000 invocations $0.0006" in told
    run_cost("dev", region="", json=True)
    told_as_json = json.loads(capsys.readouterr().out)
    assert told_as_json["largest_batch_functions"]["transitions"] == 20_005
    assert told_as_json["largest_batch_pictures_dollars"] > told_as_json["thousand_pictures_dollars"]

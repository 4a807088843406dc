"""What a stage says of its gate: how it is written down, and that what opens it is told."""

import json
from dataclasses import replace

import pytest
from aws_cdk import App
from aws_cdk.assertions import Template

from contracts.errors import InvalidInputError
from contracts.safety.rules import CLOSED, SafetyRules
from infra.application import add_stacks, feature_flags
from infra.config import STAGES
from infra.settings.safety import Safety


def test_every_stage_is_closed() -> None:
    for stage in STAGES.values():
        assert stage.safety.rules == CLOSED, stage.name
        assert SafetyRules.from_text(stage.safety.text) == CLOSED


def test_the_rules_are_read_as_they_were_written() -> None:
    safety = Safety(sells=("swimwear",), also_refused=("fur", "모피"), unchecked=("person",), most_bare=0.3)
    assert SafetyRules.from_text(safety.text) == safety.rules
    assert json.loads(safety.text)["also_refused"] == ["fur", "모피"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"sells": "swimwear"},
        {"sells": ("shoes",)},
        {"unchecked": ("minors",)},
        {"also_refused": ("x" * 950,)},
        {"most_bare": 0.0},
        {"most_bare": 1.2},
    ],
)
def test_what_no_stage_may_say_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises((ValueError, InvalidInputError), match=r"safety|also_refused"):
        Safety(**wrong)  # type: ignore[arg-type]


def test_what_tightens_the_gate_is_no_output_of_the_stack() -> None:
    stage = replace(STAGES["local"], safety=Safety(most_bare=0.3))
    stacks = add_stacks(App(context=feature_flags()), stage)
    assert "Loosened" not in Template.from_stack(stacks.serving).to_json()["Outputs"]


def test_what_opens_the_gate_is_an_output_of_the_stack() -> None:
    stage = replace(STAGES["local"], safety=Safety(sells=("underwear",), unchecked=("nudity",)))
    stacks = add_stacks(App(context=feature_flags()), stage)
    output = Template.from_stack(stacks.serving).to_json()["Outputs"]["Loosened"]["Value"]
    assert output == "sells underwear: people in it are painted; does not look through words for nudity"

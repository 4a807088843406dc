"""``atelier models``: the base models of a stage."""

import json
from typing import Any

import pytest

from cli.main import main
from infra.config import STAGES


def listed(stage: str, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    assert main(["models", stage, "--json"]) == 0
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return found


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_s_models_are_those_that_deploying_it_copies(stage: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = listed(stage, capsys)
    assert [model["model"] for model in found] == [entry.reference for entry in STAGES[stage].models]
    assert [model["default"] for model in found] == [True, *[False] * (len(found) - 1)]
    assert all(model["source"] and model["licence"] and model["licence_text"] for model in found)
    assert all(model["commercial"] == "yes" for model in found)
    assert all(model["note"] or model["stage"] == "stable" for model in found)


def test_they_are_said_to_people_with_what_they_are_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "local"]) == 0
    title, default, *others = capsys.readouterr().out.splitlines()
    assert title.split() == [
        "model",
        "task",
        "default",
        "trains",
        "pixels",
        "memory",
        "licence",
        "use",
        "stage",
        "source",
    ]
    assert default.split()[:5] == ["tiny-inpaint@v4", "inpaint", "yes", "full,", "lora"]
    assert len(others) == len(STAGES["local"].models) - 1

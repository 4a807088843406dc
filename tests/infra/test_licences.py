"""What licences allow: a stage whose pictures are sold has no model that forbids it, and what a stage does without is said."""

import dataclasses
import json
from pathlib import Path

import pytest
from aws_cdk import App

import app
from infra.application import add_stacks, feature_flags
from infra.config import STAGES
from infra.settings.licences import Licences
from models.catalogue import CATALOGUE, find
from models.licences import Licence

RESEARCH = Licence(name="Research", text="https://example.com/research", commercial="no")
LOCAL = STAGES["local"]
LOOSE = "licences.commercial is False: pictures of this stage may not be used commercially"


@pytest.fixture
def for_research(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tiny upscaler as if its licence forbade commercial use."""
    entry = dataclasses.replace(find("tiny-upscaler"), licence=RESEARCH)
    monkeypatch.setitem(CATALOGUE, "tiny-upscaler", entry)


def test_stages_are_commercial_unless_they_say_otherwise() -> None:
    assert all(stage.licences.commercial for stage in STAGES.values())
    assert not any(stage.loosenings for stage in STAGES.values())


@pytest.mark.usefixtures("for_research")
def test_a_model_that_may_not_be_used_commercially_is_refused_with_its_licence() -> None:
    says = (
        r"licences.commercial: got 'True with tiny-upscaler, whose licence Research does not \(https://example.com/research\)'; "
        "allowed: models that may be used commercially; or False, where no picture is"
    )
    with pytest.raises(ValueError, match=says):
        dataclasses.replace(LOCAL, licences=Licences(commercial=True))


@pytest.mark.usefixtures("for_research")
def test_a_stage_that_does_without_says_so_at_synth_and_in_its_template(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    stage = dataclasses.replace(LOCAL, licences=Licences(commercial=False))
    monkeypatch.setitem(STAGES, "local", stage)
    monkeypatch.setattr(app, "add_stacks", lambda *_: None)
    app.synthesize()
    assert capsys.readouterr().err == f"stage local: {LOOSE}\n"
    made = App(context=feature_flags(), outdir=str(tmp_path), builtin_cloud_formation_validation=False)
    serving = add_stacks(made, stage).serving
    made.synth()
    template = json.loads((tmp_path / f"{serving.artifact_id}.template.json").read_text())
    assert template["Outputs"]["Loosened"]["Value"] == LOOSE


def test_models_that_were_withdrawn_are_named_at_synth_and_why() -> None:
    said = STAGES["dev"].warnings
    assert [line.partition(":")[0] for line in said] == [
        "base model sd2-inpaint is deprecated",
        "base model sd15-inpaint is deprecated",
    ]
    assert all("https://" in line for line in said)
    assert STAGES["prod"].warnings == ()


def test_a_day_is_said_and_never_compared_with_today(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = dataclasses.replace(find("tiny-upscaler"), retires="2001-01-01", note="there is a better one")
    monkeypatch.setitem(CATALOGUE, "tiny-upscaler", entry)
    assert dataclasses.replace(LOCAL).warnings == (
        "base model tiny-upscaler is stable, not to be used from 2001-01-01: there is a better one",
    )

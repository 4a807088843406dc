"""``atelier verify`` and ``atelier cost``: what they say of an artifact and of a stage."""

import json
from pathlib import Path

import pytest

from cli.main import main
from contracts.artifact import hash_files, to_json
from contracts.layout import MANIFEST
from tests.unit.ops_stage import base_manifest


@pytest.fixture
def artifact(tmp_path: Path) -> Path:
    folder = tmp_path / "tiny@v1"
    (folder / "unet").mkdir(parents=True)
    (folder / "unet" / "weights.safetensors").write_bytes(b"w")
    (folder / "config.json").write_bytes(b"{}")
    manifest = base_manifest("tiny", "inpaint", files=hash_files(folder))
    (folder / MANIFEST).write_text(to_json(manifest), encoding="utf-8")
    return folder


def test_a_whole_artifact_is_said_to_be(artifact: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(artifact)]) == 0
    assert capsys.readouterr().out == "tiny@v1: 2 files are as manifest.json says\n"


def test_everything_that_differs_is_named(artifact: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (artifact / "unet" / "weights.safetensors").write_bytes(b"x")
    (artifact / "config.json").unlink()
    (artifact / "more.txt").touch()
    assert main(["verify", str(artifact), "--json"]) == 1
    told = capsys.readouterr()
    wrong = {"config.json": "missing", "unet/weights.safetensors": "changed", "more.txt": "not in the manifest"}
    assert json.loads(told.out) == {"files": 2, "wrong": wrong}
    assert "unet/weights.safetensors is changed" in told.err


def test_a_folder_without_a_manifest_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(tmp_path)]) == 2
    assert "manifest.json: got 'no such file'" in capsys.readouterr().err


def test_costs_are_the_reports_of_make_costs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cost", "trial"]) == 0
    assert "Stage trial: US dollars" in capsys.readouterr().out
    assert main(["cost", "--stage", "dev", "--json", "--region", "ap-northeast-2"]) == 0
    assert json.loads(capsys.readouterr().out)["style_dollars"] > 0

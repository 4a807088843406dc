"""``atelier evaluate``: what is put up and asked, and how its end is told."""

from pathlib import Path
from typing import Any

import pytest

from cli.evaluate import run_evaluate
from contracts.errors import InvalidInputError
from tests.unit.cli_client import Commanded
from tests.unit.ops_fakes import JPEG
from tests.unit.ops_stage import put_dataset, put_promoted, put_version


@pytest.fixture
def commanded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Commanded:
    """A published version of ``skirt``, measured again at the first look."""
    commanded = Commanded()
    put_dataset(commanded.api.buckets, "skirt")
    manifest = put_version(commanded.api.buckets, 1)
    commanded.api.packages.decisions[manifest.model_package] = ("Approved", "")
    put_promoted(commanded.api.buckets, 1)
    output = {
        "style": "skirt",
        "version": "1",
        "passed": False,
        "failures": ["leak: got 0.4"],
        "metrics": {"leak": 0.4},
    }
    commanded.looked = lambda self, name: self.change_training(name, status="SUCCEEDED", output=output)
    monkeypatch.setattr("cli.evaluate.connected", commanded.connected)
    monkeypatch.setattr("atelier.drivers.time.sleep", lambda seconds: None)
    monkeypatch.delenv("ATELIER_API_URL", raising=False)
    monkeypatch.chdir(tmp_path)
    return commanded


def evaluate(folder: Path | None = None, **changes: Any) -> None:
    given: dict[str, Any] = {"dataset": "", "settings": {}, "stage": "", "cloud": Path("out/local"), "save": None}
    run_evaluate("skirt@1", folder, **{**given, "yes": False, "json": False, **changes})


def test_a_version_is_measured_on_its_styles_own_data_set(
    commanded: Commanded, capsys: pytest.CaptureFixture[str]
) -> None:
    evaluate(settings={"gate.leak": "0.3"})
    (execution,) = commanded.api.executions.started.values()
    assert execution.input == {
        "evaluate": 1,
        "style": "skirt",
        "dataset": "s3://data/datasets/skirt/",
        "gate": {"leak": 0.3},
    }
    told = capsys.readouterr()
    assert "nothing is trained" in told.err
    assert "version   skirt@1" in told.out
    assert "leak      0.4" in told.out
    assert "gate: leak: got 0.4" in told.out


def test_a_folder_is_put_up_under_a_name_of_its_own(commanded: Commanded, tmp_path: Path) -> None:
    folder = tmp_path / "spring"
    (folder / "evaluation").mkdir(parents=True)
    for name in ("a.jpg", "b.jpg", "c.jpg", "d.jpg", "evaluation/look.jpg"):
        (folder / name).write_bytes(JPEG)
    with pytest.raises(InvalidInputError, match="--dataset NAME"):
        evaluate(folder)
    assert commanded.api.executions.started == {}
    evaluate(folder, dataset="spring", settings={"instance_prompt": "a photo of sks skirt"})
    (execution,) = commanded.api.executions.started.values()
    assert execution.input["dataset"] == "s3://data/datasets/spring/"
    assert len(list(commanded.api.buckets.store("data").names("datasets/spring/"))) == 5


def test_what_is_wrong_is_said_before_anything_is_asked(commanded: Commanded) -> None:
    with pytest.raises(InvalidInputError, match="leak"):
        evaluate(settings={"gate.leak": "-1"})
    assert commanded.api.executions.started == {}

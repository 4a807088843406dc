"""Commands about runs, styles and versions: what they show, and what they change."""

import json
from pathlib import Path
from typing import Any

import pytest

from atelier.files import content_type_of
from cli.cancel import run_cancel
from cli.captions import run_captions
from cli.errors import CommandError
from cli.stored import run_files
from cli.versions import run_compare, run_decide, run_delete, run_mean, run_runs, run_show
from contracts.errors import InvalidInputError
from tests.unit.cli_client import Commanded
from tests.unit.ops_fakes import PNG
from tests.unit.ops_stage import put_dataset, put_promoted
from tests.unit.test_ops_api_styles import publish, wait

WHERE: dict[str, Any] = {"stage": "", "cloud": Path("out/local"), "json": False}
JSON = {**WHERE, "json": True}


@pytest.fixture
def commanded(monkeypatch: pytest.MonkeyPatch) -> Commanded:
    commanded = Commanded(looked=lambda self, name: None)
    for module in ("versions", "stored", "cancel", "captions"):
        monkeypatch.setattr(f"cli.{module}.connected", commanded.connected)
    publish(commanded.api, 1, 0.7)
    publish(commanded.api, 2, 0.8)
    put_promoted(commanded.api.buckets, 2)
    wait(commanded.api, 3)
    return commanded


def start(commanded: Commanded) -> str:
    put_dataset(commanded.api.buckets, "skirt")
    with commanded.client() as client:
        return client.trainings.create("skirt", {"dataset": "datasets/skirt/", "target": "a skirt"}).id


def test_captions_are_shown_saved_mended_and_put(
    commanded: Commanded, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    training, kept = start(commanded), tmp_path / "captions.jsonl"
    run_captions(training, save=kept, put=None, **WHERE)
    text = kept.read_text()
    assert '"a.png"' in text
    kept.write_text(text.replace("a photo of sks skirt", "sks skirt, from behind", 1))
    capsys.readouterr()
    run_captions(training, save=None, put=kept, **WHERE)
    assert "sks skirt, from behind" in capsys.readouterr().out
    run_captions(training, save=None, put=None, **JSON)
    shown = json.loads(capsys.readouterr().out)
    assert [each["text"] for each in shown][:2] == ["sks skirt, from behind", "a photo of sks skirt"]
    with pytest.raises(InvalidInputError, match="one of them"):
        run_captions(training, save=kept, put=kept, **WHERE)


def test_runs_are_listed(commanded: Commanded, capsys: pytest.CaptureFixture[str]) -> None:
    training = start(commanded)
    capsys.readouterr()
    run_runs(limit=20, **WHERE)
    assert training in capsys.readouterr().out
    run_runs(limit=20, **JSON)
    assert [run["id"] for run in json.loads(capsys.readouterr().out)] == [training]


def test_a_style_is_shown_with_what_it_means(commanded: Commanded, capsys: pytest.CaptureFixture[str]) -> None:
    run_show("skirt", **WHERE)
    told = capsys.readouterr().out
    assert "means  skirt@2" in told
    assert "skirt@3" in told
    assert "pending" in told


def test_a_version_a_training_and_a_prediction_are_shown(
    commanded: Commanded, capsys: pytest.CaptureFixture[str]
) -> None:
    run_show("skirt@1", **WHERE)
    assert "garment_share           0.7\n" in capsys.readouterr().out
    training = start(commanded)
    with commanded.client() as client:
        prediction = client.predictions.create({"mode": "text_to_image", "prompt": "x"}).id
    capsys.readouterr()
    for name, kind in ((training, "training"), (prediction, "prediction")):
        run_show(name, **WHERE)
        assert capsys.readouterr().out.split()[:2] == [kind, name]
    with pytest.raises(CommandError, match="got nothing; allowed: that of a style or a training or a batch"):
        run_show("nothing", **WHERE)


def test_versions_are_compared(commanded: Commanded, capsys: pytest.CaptureFixture[str]) -> None:
    run_compare(["skirt@1", "skirt@2"], **WHERE)
    told = capsys.readouterr().out
    (line,) = [line for line in told.splitlines() if line.startswith("garment_share")]
    assert line.split() == ["garment_share", "0.7", "0.8", "*", "higher", "is", "better"]
    for versions in (["skirt@1", "coat@2"], ["skirt", "skirt@2"]):
        with pytest.raises(InvalidInputError, match="2 to 8 of one style"):
            run_compare(versions, **WHERE)


def test_a_version_is_approved_or_rejected_with_a_reason(
    commanded: Commanded, capsys: pytest.CaptureFixture[str]
) -> None:
    run_decide("skirt@3", lambda client: client.styles.reject("skirt@3", reason="too red"), **WHERE)
    told = capsys.readouterr().out
    assert told.startswith("skirt@3 is rejected: ")
    assert told.endswith("too red\n")


def test_a_name_is_made_to_mean_another_version_and_back(
    commanded: Commanded, capsys: pytest.CaptureFixture[str]
) -> None:
    run_mean(lambda client: client.styles.promote("skirt@1"), **WHERE)
    assert capsys.readouterr().out == "skirt means skirt@1, and meant skirt@2 before\n"
    run_mean(lambda client: client.styles.roll_back("skirt"), **JSON)
    assert json.loads(capsys.readouterr().out)["version"] == "skirt@2"
    with pytest.raises(InvalidInputError, match="style@version"):
        run_mean(lambda client: client.styles.promote("skirt"), **WHERE)


def test_what_runs_is_canceled_by_its_id(commanded: Commanded, capsys: pytest.CaptureFixture[str]) -> None:
    training = start(commanded)
    capsys.readouterr()
    run_cancel(training, **WHERE)
    assert capsys.readouterr().out == f"{training} is canceled\n"


def test_files_are_put_listed_fetched_and_deleted(
    commanded: Commanded, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.png").write_bytes(PNG)
    run_files("put", [str(tmp_path / "a.png")], style="", **WHERE)
    assert capsys.readouterr().out.startswith("uploads/")
    run_files("list", [], style="", **JSON)
    ((file),) = json.loads(capsys.readouterr().out)
    run_files("get", [file["id"]], style="", **WHERE)
    assert capsys.readouterr().out.startswith("https://media.test/uploads/")
    run_files("delete", [file["id"]], style="", **WHERE)
    assert capsys.readouterr().out == f"{file['id']} is deleted\n"
    for action, names in (("list", ["a"]), ("get", []), ("burn", ["a"])):
        with pytest.raises(InvalidInputError, match="allowed: list, or put PATH"):
            run_files(action, names, style="", **WHERE)


@pytest.mark.parametrize(
    ("name", "body"),
    [("rows.csv", b"prompt\nred\n"), ("Rows.CSV", b"prompt\nred\n"), ("rows.jsonl", b'{"prompt":"red"}')],
)
def test_a_list_that_was_put_is_a_batch_s(
    commanded: Commanded, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, body: bytes
) -> None:
    (tmp_path / name).write_bytes(body)
    run_files("put", [str(tmp_path / name)], style="", **WHERE)
    uri = capsys.readouterr().out.strip()
    with commanded.client() as client:
        batch = client.batches.create({"mode": "text_to_image", "prompt": "{prompt}"}, manifest=uri)
        (kept,) = client.files.list().results
    assert (batch.status, kept.name, kept.content_type) == ("starting", name, content_type_of(name))


def test_a_version_or_a_style_is_deleted_by_who_says_yes(
    commanded: Commanded, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(InvalidInputError, match="--yes"):
        run_delete("skirt@1", yes=False, **WHERE)
    for name in ("skirt@1", "skirt"):
        run_delete(name, yes=True, **WHERE)
        assert capsys.readouterr().out == f"{name} is deleted\n"
    with pytest.raises(CommandError, match="got skirt"):
        run_show("skirt", **WHERE)

"""With ``--json`` every command prints one JSON document on stdout and nothing else, whatever it says meanwhile."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from atelier.folder import default_prompt
from cli.app import COMMANDS
from cli.doctor.diagnosis import Diagnosis, Mark
from cli.logs import LogPlace
from cli.main import main
from contracts.artifact import to_json
from local.stamp import Stamp
from models.catalogue import CATALOGUE
from tests.unit.cli_client import Commanded
from tests.unit.ops_fakes import JPEG, PNG
from tests.unit.ops_stage import put_dataset, put_promoted
from tests.unit.test_cli_learn import succeed
from tests.unit.test_ops_api_styles import publish, wait

OF_THE_CDK = {"bootstrap", "deploy", "destroy", "diff"}
"""What these print is what the CDK command prints; ``atelier deployed --json`` says the rest."""
NAMES = [command.__name__ for commands in COMMANDS.values() for command in commands]
OUTPUTS = {"ApiUrl": "https://dev/live/", "ApiKeyId": "a", "ApiKeyIds": "{}", "DataBucketName": "data"}
MACHINE = {"StateMachineArn": "arn", "ModelBucketName": "models", "PretrainingMachineArn": "arn"}

WORDS = {
    "approve": "skirt@3 --reason fine",
    "cancel": "{prediction}",
    "captions": "{training}",
    "clean": "--out {out}",
    "compare": "skirt@1 skirt@2",
    "cost": "trial",
    "delete": "skirt@1 --yes",
    "demo": "--out {out}",
    "batch": "rows.csv --garment skirt --words words",
    "batches": "",
    "deployed": "dev",
    "doctor": "trial",
    "down": "--out {out}",
    "edit": "photo.png words",
    "evaluate": "skirt@1",
    "files": "list",
    "generate": "words",
    "key": "dev",
    "logs": "",
    "mirror": "sd2-inpaint --stage dev --dry-run",
    "models": "dev",
    "people": "delete release-2026-0417 --yes",
    "pretrain": "drawn --dataset figures --stage dev",
    "promote": "skirt@1",
    "reject": "skirt@3",
    "rollback": "skirt",
    "runs": "",
    "segment": "photo.png skirt",
    "show": "skirt",
    "smoke": "dev",
    "status": "--out {out}",
    "style": "photo.png skirt words",
    "train": "learnt --target skirt --style coat",
    "up": "--out {out}",
    "upscale": "photo.png",
    "verify": "weights",
    "webhooks": "",
}
"""A line of each command that succeeds on what this file lays out."""


@pytest.fixture
def laid_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, str]:
    """An API in memory with a style, AWS and the local cloud as far as they are asked, and a few files."""
    commanded = Commanded()
    for module in (
        "versions",
        "stored",
        "cancel",
        "paint",
        "learn",
        "evaluate",
        "batch",
        "batches",
        "forgetting",
        "captions",
    ):
        monkeypatch.setattr(f"cli.{module}.connected", commanded.connected)
    monkeypatch.setattr("cli.connection.connected", commanded.connected)
    monkeypatch.setattr("atelier.drivers.time.sleep", lambda seconds: None)
    monkeypatch.delenv("ATELIER_API_URL", raising=False)
    monkeypatch.chdir(tmp_path)
    publish(commanded.api, 1, 0.7)
    publish(commanded.api, 2, 0.8)
    put_promoted(commanded.api.buckets, 1)
    wait(commanded.api, 3)
    put_dataset(commanded.api.buckets, "skirt")
    with commanded.client() as client:
        client.styles.promote("skirt@2")
        learnt = client.trainings.create("skirt", {"dataset": "datasets/skirt/", "target": "a skirt"})
        made = client.predictions.create({"mode": "text_to_image", "prompt": default_prompt("skirt")})
    commanded.looked = lambda api, name: succeed(api, name) if "-" in name else api.succeed(name)
    _files(tmp_path)
    _aws(monkeypatch)
    _local(monkeypatch, tmp_path)
    return {"prediction": made.id, "training": learnt.id, "out": str(tmp_path / "kept")}


def _files(folder: Path) -> None:
    (folder / "photo.png").write_bytes(PNG)
    (folder / "rows.csv").write_text("image\nphoto.png\n", encoding="utf-8")
    (folder / "learnt").mkdir()
    for number in range(4):
        (folder / "learnt" / f"{number}.jpg").write_bytes(JPEG)
    weights = folder / "weights"
    weights.mkdir()
    (weights / "model.safetensors").write_bytes(b"1")
    manifest = CATALOGUE["tiny-inpaint"].manifest(weights)
    (weights / "manifest.json").write_text(to_json(manifest), encoding="utf-8")
    cloud = folder / "kept" / "run" / "cloud"
    cloud.mkdir(parents=True)
    Stamp(port=4700, account="1" * 12, region="us-east-1").write(cloud)


def _aws(monkeypatch: pytest.MonkeyPatch) -> None:
    outputs = {**OUTPUTS, **MACHINE}
    for module in ("deployed", "smoke", "mirror", "pretrain"):
        monkeypatch.setattr(f"cli.{module}.stage_outputs", lambda *_: outputs)
    client = SimpleNamespace(
        get_api_key=lambda **_: {"value": "key"}, start_execution=lambda **_: {"executionArn": "a"}
    )
    monkeypatch.setattr("cli.account.account_client", lambda service: client)
    monkeypatch.setattr("cli.deployed.account_client", lambda service: client)
    monkeypatch.setattr("cli.pretrain.account_client", lambda service: client)
    finding = Diagnosis(mark=Mark.TO_DEPLOY, what="credentials", says="none")
    monkeypatch.setattr("cli.doctor.run.examine", lambda around: [finding])
    monkeypatch.setattr("cli.smoke.api_key", lambda *_: "key")
    painting = SimpleNamespace(predict=lambda *_, **__: [PNG])
    monkeypatch.setattr("cli.smoke.Atelier", _managed(painting))
    made = {
        "base_model": "drawn@1",
        "uri": "s3://models/base/drawn@1/",
        "metrics": {},
        "report": "s3://data/report.html",
    }
    monkeypatch.setattr("cli.pretrain.follow", lambda *_, **__: SimpleNamespace(output=made))
    monkeypatch.setattr("cli.pretrain._fetch_report", lambda *_: Path("report.html"))
    monkeypatch.setattr("cli.logs.services_of", lambda *_: None)
    monkeypatch.setattr("cli.logs.places", lambda *_: [LogPlace(what="api Handler", group="/aws/handler")])
    monkeypatch.setattr("cli.mirror.services_of", lambda *_: lambda service: None)
    monkeypatch.setattr("cli.mirror.present_manifest", lambda *_: SimpleNamespace(files={"model_index.json": "0"}))


def _local(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    cloud = SimpleNamespace(url="http://127.0.0.1:1", region="us-east-1", run_dir=folder)
    api = SimpleNamespace(url="http://127.0.0.1:1/live", key="key")
    deployment = SimpleNamespace(
        cloud=cloud,
        api=api,
        page=f"{cloud.url}/_aws/cloudfront/E1/",
        outputs={**OUTPUTS, **MACHINE},
        client=lambda service: None,
    )
    for module in ("keep", "demo"):
        monkeypatch.setattr(f"cli.{module}.deployed", _managed(deployment))
        monkeypatch.setattr(f"cli.{module}.stay_up", lambda *_: None)
    monkeypatch.setattr("cli.demo._fine_tune", lambda *_: {"adapter": "sunset-skirt@1"})
    monkeypatch.setattr("cli.demo._restyle_all", lambda *_, **__: [])
    names = ("palette_before", "palette_after", "palette_real", "mask_iou", "pixels_changed_outside", "total_seconds")
    monkeypatch.setattr("cli.demo._numbers", lambda *_: dict.fromkeys(names, 1.0))
    monkeypatch.setattr("cli.demo._download_report", lambda *_: None)
    monkeypatch.setattr("cli.demo._write", lambda *_: None)
    monkeypatch.setattr("cli.demo._try", lambda command: "(tried)")
    holder = SimpleNamespace(process=SimpleNamespace(terminate=lambda: None, create_time=lambda: 0.0))
    monkeypatch.setattr("cli.manage.holder", lambda folder: holder)
    monkeypatch.setattr("cli.manage._holding", lambda folder: [])
    monkeypatch.setattr("cli.manage._under_way", lambda folder, stamp: {})


def _managed(value: Any) -> Any:
    @contextmanager
    def given(*_: object, **__: object) -> Iterator[Any]:
        yield value

    return given


def test_every_command_that_prints_facts_can_print_them_as_json() -> None:
    assert sorted([*WORDS, *OF_THE_CDK]) == sorted(NAMES)


@pytest.mark.parametrize("command", WORDS)
def test_a_command_prints_one_document_and_nothing_else(
    command: str, laid_out: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    code = main([command, *WORDS[command].format(**laid_out).split(), "--json"])
    told = capsys.readouterr()
    # No account is there, and that is what the doctor finds.
    assert code == (1 if command == "doctor" else 0), told.err
    assert isinstance(json.loads(told.out), dict | list)


@pytest.mark.parametrize("command", WORDS)
def test_what_is_refused_prints_no_document(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--json", "--no-such-option"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert f"atelier {command}: No such option: --no-such-option" in told.err

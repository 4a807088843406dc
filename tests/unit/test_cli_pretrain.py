"""The pretrain command: what it reads, what it uploads, and whose log it shows."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import NoRegionError

from cli.advice import advice
from cli.main import main
from cli.pretrain import Account, in_account, read_input, upload
from contracts.errors import InvalidInputError
from models.tiny.make import upload as figures


class Bucket:
    """S3, as far as uploading goes."""

    def __init__(self) -> None:
        self.keys: list[str] = []

    def upload_file(self, path: str, bucket: str, key: str) -> None:
        assert Path(path).is_file()
        assert bucket == "data"
        self.keys.append(key)


def test_a_folder_is_uploaded_under_the_model_s_name_and_a_name_is_taken_as_it_is(tmp_path: Path) -> None:
    assert read_input("figures", "drawn", {"held_out": "0.1"}) == {
        "held_out": 0.1,
        "name": "figures",
        "dataset": "drawn",
    }
    assert read_input("figures", str(tmp_path), {})["dataset"] == "figures"


def test_the_command_of_the_docs_is_an_input_that_is_accepted(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "out" / "figures").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    page = (root / "docs" / "pretraining.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"^\$ \.venv/bin/atelier (pretrain .+)$", page, re.MULTILINE)
    asked: dict[str, Any] = {}
    monkeypatch.setattr("cli.pretrain.run_pretrain", lambda **options: asked.update(options))
    assert main(shlex.split(line)) == 0
    request = read_input(asked["name"], asked["dataset"], asked["settings"])
    assert request["name"] == "drawn"
    assert request["hyperparameters"] == {"steps": 4, "batch": 4, "warmup": 1}


def test_everything_wrong_is_said_before_anything_starts() -> None:
    wrong = {"held_out": "2", "hyperparameters.model": "lamp"}
    with pytest.raises(InvalidInputError) as refused:
        read_input("figures", "drawn", wrong)
    fields = {problem.what for problem in refused.value.problems}
    assert {"input.held_out", "input.hyperparameters.model"} <= fields


def test_every_file_of_a_data_set_is_put_below_its_name(tmp_path: Path) -> None:
    figures.write(tmp_path, pictures=2, seed=1, side=64)
    bucket = Bucket()
    reports: list[str] = []

    def client(service: str) -> Any:
        assert service == "s3"
        return bucket

    upload(Account(client=client, outputs={"DataBucketName": "data"}, every=1), tmp_path, "figures", reports.append)
    names = ("captions.jsonl", "dataset.json", "labels/000000.png", "labels/000001.png")
    assert bucket.keys[:4] == [f"datasets/figures/{name}" for name in names]
    assert reports[-1] == "6 of 6 files"
    (tmp_path / "captions.jsonl").unlink()
    with pytest.raises(InvalidInputError, match=r"no captions\.jsonl"):
        upload(Account(client=client, outputs={"DataBucketName": "data"}, every=1), tmp_path, "figures", reports.append)


def test_a_stage_without_settings_of_aws_is_said_in_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setattr("boto3.DEFAULT_SESSION", None)

    # To deploy the stage, which it once said, was not what to do.
    with pytest.raises(NoRegionError) as raised:
        in_account("trial")
    assert advice(raised.value).startswith("REGION=")

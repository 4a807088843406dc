"""``atelier mirror``: base models go from their hub into a stage's bucket, checked, resumed, and said before."""

import io
import json
from pathlib import Path
from typing import IO, Any

import boto3
import pytest
from moto import mock_aws

from atelier_ops.gateways.hub import HubFile
from atelier_ops.logic.mirror import Entry
from cli.main import main
from contracts.artifact import BaseManifest
from models.catalogue import CATALOGUE
from tests.unit.test_ops_base_model import FILES, MemoryHub, hub_file

BUCKET = "atelier-dev-models"
OUTPUT = {"ModelBucketName": {"Value": BUCKET}}
TEMPLATE = {
    "Resources": {"B": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": BUCKET}}},
    "Outputs": OUTPUT,
}
SD2 = CATALOGUE["sd2-inpaint"]


class CatalogueHub(MemoryHub):
    """The hub with the same few files in every repository of the catalogue, at the revision that is asked for."""

    def tree(self, repository: str, revision: str) -> list[HubFile]:
        return [hub_file(path, body) for path, body in self.files.items()]

    def open(self, repository: str, revision: str, path: str) -> IO[bytes]:
        self.opened.append(path)
        return io.BytesIO(self.changed.get(path, self.files[path]))


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Any:
    for name, value in (("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test"), ("AWS_REGION", "us-east-1")):
        monkeypatch.setenv(name, value)
    hub = CatalogueHub()
    monkeypatch.setattr("cli.mirror.Hub", lambda address: hub)
    with mock_aws():
        boto3.client("cloudformation", region_name="us-east-1").create_stack(
            StackName="atelier-dev-storage", TemplateBody=json.dumps(TEMPLATE)
        )
        yield hub


def stored() -> dict[str, bytes]:
    s3 = boto3.client("s3", region_name="us-east-1")
    found = s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])
    return {each["Key"]: s3.get_object(Bucket=BUCKET, Key=each["Key"])["Body"].read() for each in found}


def mirrored(*words: str, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    assert main(["mirror", *words, "--stage", "dev", "--json"]) == 0
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return found


def test_a_model_is_copied_as_deploying_would_and_not_twice(
    hub: CatalogueHub, capsys: pytest.CaptureFixture[str]
) -> None:
    (copied,) = mirrored("sd2-inpaint", capsys=capsys)
    prefix = Entry.from_text(SD2.to_json()).prefix
    assert copied["complete"]
    assert copied["bytes"] == copied["bytes_there"] > 0
    assert copied["prefix"] == prefix
    objects = stored()
    assert objects[f"{prefix}unet/diffusion_pytorch_model.safetensors"] == b"half precision"
    manifest = BaseManifest.from_json(json.loads(objects[f"{prefix}manifest.json"]))
    assert manifest.reference == SD2.reference
    assert len(manifest.files) == copied["files"]
    before = list(hub.opened)
    (again,) = mirrored("sd2-inpaint", capsys=capsys)
    assert (again["complete"], again["files"], again["bytes"]) == (True, copied["files"], None)
    assert hub.opened == before


def test_what_would_be_copied_is_said_with_its_licence_and_nothing_is(
    hub: CatalogueHub, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["mirror", "sdxl-inpaint", "--stage", "dev", "--dry-run"]) == 0
    told = capsys.readouterr()
    assert "sdxl-inpaint: CreativeML Open RAIL++-M; its use restrictions bind you and your users (https://" in told.err
    assert "stage dev does not name it yet" in told.err
    assert "to be copied" in told.out
    assert stored() == {}
    assert hub.opened == []


def test_without_a_name_all_of_the_stage_that_come_from_a_hub_are_meant(
    hub: CatalogueHub, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [each["model"].partition("@")[0] for each in mirrored("--dry-run", capsys=capsys)]
    assert names[0] == "sd2-inpaint"
    assert "clipseg-rd64-refined" in names


def test_a_file_that_is_not_what_was_promised_is_refused_and_the_rest_goes_on_from_there(
    hub: CatalogueHub, capsys: pytest.CaptureFixture[str]
) -> None:
    name = "vae/diffusion_pytorch_model.safetensors"
    hub.changed[name] = b"only fall"
    assert main(["mirror", "sd2-inpaint", "--stage", "dev"]) == 1
    told = capsys.readouterr().err
    assert f"SourceFileError: {name}: got sha256" in told
    assert "the same command goes on from there" in told
    assert not any(key.endswith("manifest.json") or key.endswith(name) for key in stored())
    hub.changed.clear()
    hub.opened.clear()
    (planned,) = mirrored("sd2-inpaint", "--dry-run", capsys=capsys)
    assert planned["bytes_there"] == len(FILES["unet/diffusion_pytorch_model.fp16.safetensors"])
    (copied,) = mirrored("sd2-inpaint", capsys=capsys)
    assert copied["complete"]
    assert "unet/diffusion_pytorch_model.fp16.safetensors" not in hub.opened


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["tiny-inpaint", "--stage", "dev"], "tiny-inpaint is shipped here, and deploying puts it there"),
        (["sd9", "--stage", "dev"], "model: got 'sd9'; allowed: sd2-inpaint | "),
        (["--stage", "local"], "every model of stage local is shipped here"),
        (["sd2-inpaint"], "--stage: got nothing; allowed: one of local, trial"),
        (["sd2-inpaint", "--stage", "moon"], "--stage: got 'moon'"),
    ],
)
def test_what_cannot_be_copied_is_refused_before_anything_is_asked(
    words: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["mirror", *words]) == 2
    assert says in capsys.readouterr().err


def test_a_stage_that_is_not_deployed_is_said(hub: CatalogueHub, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mirror", "--stage", "prod"]) == 1
    assert "make deploy STAGE=prod makes it" in capsys.readouterr().err


def test_in_a_local_cloud_that_does_not_run_nothing_is_copied(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["mirror", "sd2-inpaint", "--stage", "local", "--cloud", str(tmp_path)]) == 1
    assert "no local cloud runs in" in capsys.readouterr().err

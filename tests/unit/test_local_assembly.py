"""A cloud assembly is read into stacks in the order of their dependencies."""

import json
from pathlib import Path
from typing import Any

import pytest

from local.assembly import Stack, read_assembly
from local.deploy import zip_folder
from local.errors import LocalCloudError


def stack(name: str, *dependencies: str, **properties: Any) -> dict[str, Any]:
    """A stack's artifact."""
    return {
        "type": "aws:cloudformation:stack",
        "properties": {"templateFile": f"{name}.template.json", **properties},
        "dependencies": list(dependencies),
    }


def write(folder: Path, artifacts: dict[str, Any], **files: Any) -> Path:
    """An assembly directory."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifest.json").write_text(json.dumps({"version": "55.0.0", "artifacts": artifacts}))
    for name, content in files.items():
        (folder / f"{name}.json").write_text(json.dumps(content))
    return folder


def read(folder: Path) -> list[Stack]:
    """The stacks of account 1 in eu-west-1."""
    return read_assembly(folder, account="111111111111", region="eu-west-1")


def test_stacks_come_after_what_they_depend_on(tmp_path: Path) -> None:
    folder = write(
        tmp_path, {"Api": stack("Api", "Serving"), "Serving": stack("Serving", "Storage"), "Storage": stack("Storage")}
    )

    assert [s.name for s in read(folder)] == ["Storage", "Serving", "Api"]


def test_nested_assemblies_are_read_too(tmp_path: Path) -> None:
    nested = {"type": "cdk:cloud-assembly", "properties": {"directoryName": "assembly-Dev"}}
    write(tmp_path / "assembly-Dev", {"A": stack("A", "B", stackName="Dev-A"), "B": stack("B", stackName="Dev-B")})

    folder = write(tmp_path, {"Dev": nested, "Tree": {"type": "cdk:tree", "properties": {"file": "tree.json"}}})

    assert [s.name for s in read(folder)] == ["Dev-B", "Dev-A"]


def test_a_cycle_is_told(tmp_path: Path) -> None:
    folder = write(tmp_path, {"A": stack("A", "B"), "B": stack("B", "A")})

    with pytest.raises(LocalCloudError, match="stack dependencies: got a cycle"):
        read(folder)


def test_assets_get_the_accounts_names(tmp_path: Path) -> None:
    place = {"bucketName": "assets-${AWS::AccountId}-${AWS::Region}", "objectKey": "k.zip"}
    assets = {
        "files": {"f": {"source": {"path": "asset.f", "packaging": "zip"}, "destinations": {"d": place}}},
        "dockerImages": {
            "i": {
                "source": {"directory": "asset.i", "dockerFile": "training/Dockerfile", "dockerBuildTarget": "final"},
                "destinations": {"d": {"repositoryName": "repo-${AWS::AccountId}", "imageTag": "hash"}},
            }
        },
    }
    manifest = {"type": "cdk:asset-manifest", "properties": {"file": "A.assets.json"}}
    uri = "s3://assets-${AWS::AccountId}-${AWS::Region}/t.json"
    folder = write(
        tmp_path,
        {"A.assets": manifest, "A": stack("A", "A.assets", stackTemplateAssetObjectUrl=uri)},
        **{"A.assets": assets},
    )

    (deployed,) = read(folder)

    assert deployed.template_uri == "s3://assets-111111111111-eu-west-1/t.json"
    assert [(f.bucket, f.key, f.zipped) for f in deployed.files] == [("assets-111111111111-eu-west-1", "k.zip", True)]
    (image,) = deployed.images
    assert (image.repository, image.tag, image.dockerfile) == ("repo-111111111111", "hash", "training/Dockerfile")
    assert (image.directory, image.target) == (tmp_path / "asset.i", "final")


@pytest.mark.parametrize("environment", ["aws://111111111111/us-east-1", "aws://222222222222/unknown-region"])
def test_stacks_of_another_account_or_region_are_refused(environment: str, tmp_path: Path) -> None:
    folder = write(tmp_path, {"A": stack("A") | {"environment": environment}})
    with pytest.raises(
        LocalCloudError, match=f"got {environment}; allowed: 111111111111, eu-west-1, or pinned to none"
    ):
        read(folder)


@pytest.mark.parametrize(("content", "problem"), [(None, "missing; a cloud assembly is made by"), ("{", "not JSON")])
def test_another_folder_is_refused(tmp_path: Path, content: str | None, problem: str) -> None:
    if content:
        (tmp_path / "manifest.json").write_text(content)

    with pytest.raises(LocalCloudError, match=problem):
        read(tmp_path)


def test_the_same_files_give_the_same_zip(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name / "sub").mkdir(parents=True)
        (tmp_path / name / "sub" / "a.py").write_text("x = 1\n")

    assert zip_folder(tmp_path / "one") == zip_folder(tmp_path / "two")

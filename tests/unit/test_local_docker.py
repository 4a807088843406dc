"""The stand-in docker program: it takes the CDK CLI's commands, and refuses what docker and ECR would."""

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from local import docker
from local.sagemaker.images import ImageRegistry

REGISTRY = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
PRIVATE_BASE = "210987654321.dkr.ecr.eu-west-1.amazonaws.com/base:1"


@pytest.fixture(autouse=True)
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of a build, with an account whose registry has a repository."""
    (tmp_path / "Dockerfile").write_text('ARG BASE=python\nFROM ${BASE}\nENTRYPOINT ["python", "-m", "pkg"]\n')
    monkeypatch.setenv("LOCAL_DOCKER_STATE", str(tmp_path / "docker.json"))
    monkeypatch.chdir(tmp_path)
    with mock_aws():
        boto3.client("ecr").create_repository(repositoryName="repo")
        yield tmp_path


def run(line: str) -> int:
    return docker.main(line.split())


def test_what_the_cli_builds_and_pushes_can_be_run(context: Path) -> None:
    assert run("inspect cdkasset-1") == 1
    assert run("build --tag cdkasset-1 --file Dockerfile --platform linux/amd64 .") == 0
    assert run("inspect cdkasset-1") == 0
    assert run(f"tag cdkasset-1 {REGISTRY}/repo:1") == 0
    assert run(f"login --username AWS --password-stdin {REGISTRY}") == 0
    assert run(f"push {REGISTRY}/repo:1") == 0

    images = ImageRegistry(lambda: boto3.client("ecr"), context / "images", {})
    assert images.resolve(f"{REGISTRY}/repo:1").plan.entrypoint == ["python", "-m", "pkg"]


def test_a_push_without_a_login_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    run("build --tag cdkasset-1 .")
    run(f"tag cdkasset-1 {REGISTRY}/repo:1")

    assert run(f"push {REGISTRY}/repo:1") == 1
    assert "no basic auth credentials" in capsys.readouterr().err


def test_a_base_image_of_a_private_registry_wants_a_login_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    build = f"build --tag cdkasset-1 --build-arg BASE={PRIVATE_BASE} ."
    run(f"login --username AWS --password-stdin {REGISTRY}")

    assert run(build) == 1
    assert f"{PRIVATE_BASE}: pull access denied" in capsys.readouterr().err
    run("login --username AWS --password-stdin 210987654321.dkr.ecr.eu-west-1.amazonaws.com")
    assert run(build) == 0


def test_a_dockerfile_that_no_process_can_follow_is_refused(context: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (context / "Dockerfile").write_text("FROM python\n")

    assert run("build --tag cdkasset-1 .") == 1
    assert "needs ENTRYPOINT" in capsys.readouterr().err

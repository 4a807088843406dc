"""Logging in to registries: only to private ones, with what ECR gives, and the password in no command line."""

import base64
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from cli.registry import LoginError, log_in

CHINA = "727897471807.dkr.ecr.cn-north-1.amazonaws.com.cn"
PROGRAM = """#!/bin/sh
printf '%s\\n' "$@" > {folder}/words
cat > {folder}/input
echo "cannot store it" >&2
exit {code}
"""


@pytest.fixture
def builder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program that keeps what it is told, in the folder that is returned."""
    write_builder(tmp_path, 0)
    monkeypatch.setenv("CDK_DOCKER", str(tmp_path / "builder"))
    return tmp_path


def write_builder(folder: Path, code: int) -> None:
    program = folder / "builder"
    program.write_text(PROGRAM.format(folder=folder, code=code))
    program.chmod(0o755)


def ecr(service: str, region_name: str) -> Any:
    make: Any = boto3.client
    client = make(service, region_name=region_name, aws_access_key_id="k", aws_secret_access_key="s")
    stub = Stubber(client)
    token = base64.b64encode(b"AWS:secret").decode()
    answer = {"authorizationData": [{"authorizationToken": token, "proxyEndpoint": f"https://{CHINA}"}]}
    stub.add_response("get_authorization_token", answer, {"registryIds": ["727897471807"]})
    stub.activate()
    assert (service, region_name) == ("ecr", "cn-north-1")
    return client


def test_a_private_registry_gets_ecrs_login_once_and_its_password_in_no_command_line(builder: Path) -> None:
    images = [f"{CHINA}/pytorch:2.13-cpu-amzn2023", f"{CHINA}/pytorch:2.13-cu133-amzn2023"]
    assert log_in(images, ecr) == [CHINA]
    words = (builder / "words").read_text().splitlines()
    assert words == ["login", "--username", "AWS", "--password-stdin", CHINA]
    assert (builder / "input").read_text() == "secret"


def test_public_images_need_no_login(builder: Path) -> None:
    assert log_in(["public.ecr.aws/deep-learning-containers/pytorch:2.13-cpu-amzn2023", "scratch"], ecr) == []
    assert not (builder / "words").exists()


def test_a_builder_that_does_not_take_the_login_is_quoted(builder: Path) -> None:
    write_builder(builder, 1)
    with pytest.raises(LoginError, match=r"builder login .*cannot store it"):
        log_in([f"{CHINA}/pytorch:1"], ecr)

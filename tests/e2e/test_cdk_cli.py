"""The real CDK command deploys, upgrades and destroys a stage in a local cloud, as ``make deploy`` and ``make destroy`` run it.

Only docker is stood in for. Models are not loaded: the image that answers is a toy, in the place of ours.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App

from cli.account import stage_outputs
from cli.cdk import cdk
from cli.main import main
from infra.application import add_stacks, feature_flags
from infra.config import STAGES
from infra.settings.stage import Stage
from local.cloud import LocalCloud
from local.docker import write_program
from local.sagemaker.backend import ROOT_KEY
from tests.integration import local_toy

TRIAL = STAGES["trial"]
BEFORE = replace(TRIAL, serving=replace(TRIAL.serving, upscaler=None))
AFTER = replace(
    TRIAL,
    log_days=14,
    serving=replace(TRIAL.serving, instance="ml.m5.2xlarge", most_instances=2, upscaler="tiny-upscaler"),
)
APPROVED = "--cdk=--require-approval never"


def synthesize(stage: Stage, folder: Path) -> Path:
    """The stage's assembly, with the toy's image in place of its two."""
    app = App(context=feature_flags(), outdir=str(folder))
    add_stacks(app, stage)
    app.synth()
    for manifest in folder.glob("*.assets.json"):
        for image in json.loads(manifest.read_text(encoding="utf-8")).get("dockerImages", {}).values():
            context = folder / image["source"]["directory"]
            if not (context / "code").exists():
                local_toy.write_image(context)
            (context / "Dockerfile").replace(context / image["source"]["dockerFile"])
    return folder


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """A local cloud of its own, which the environment names as AWS."""
    folder = tmp_path_factory.mktemp("cli")
    with LocalCloud(folder / "run") as started, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", started.url)
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, ROOT_KEY)
        for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
            patch.setenv(name, started.region)
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        patch.setenv("CDK_DOCKER", str(write_program(folder)))
        patch.setenv("HOME", str(folder))
        yield started


def endpoint_names(cloud: LocalCloud) -> list[str]:
    return [endpoint["EndpointName"] for endpoint in cloud.client("sagemaker").list_endpoints()["Endpoints"]]


def test_a_stage_is_deployed_upgraded_and_destroyed_by_the_cdk_command(
    cloud: LocalCloud, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = synthesize(BEFORE, tmp_path / "first"), synthesize(AFTER, tmp_path / "second")
    monkeypatch.setenv("AWS_ENDPOINT_URL", cloud.url)
    deploy = ["deploy", "trial", "--assembly", str(first), APPROVED]

    assert main(["bootstrap", "trial", "--assembly", str(first)]) == 0
    assert main(deploy) == 0
    said = capfd.readouterr()
    assert "Builds 2 images on" in said.out
    assert "Stage trial is deployed" in said.out
    assert main(deploy) == 0
    assert said.err.count("(no changes)") == 0
    assert capfd.readouterr().err.count("(no changes)") == 4
    cdk(["diff"], first)
    assert "Number of stacks with differences: 0" in capfd.readouterr().err

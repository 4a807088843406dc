"""The doctor asks the local cloud what it asks AWS."""

import json
from pathlib import Path

import pytest

from cli.doctor.diagnosis import Mark
from cli.doctor.run import examine
from cli.doctor.surroundings import Surroundings, run_program
from cli.registry import log_in
from infra.config import STAGES
from local.cloud import LocalCloud
from local.docker import write_program
from local.faults import Faults

PRIVATE = "763104351884.dkr.ecr.eu-west-1.amazonaws.com"


def test_a_bare_account_without_a_gpu_is_told_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with LocalCloud(tmp_path, region="eu-west-1") as cloud:
        docker = str(write_program(tmp_path))
        few = dict.fromkeys(("ml.g5.xlarge for endpoint usage", "ml.p4d.24xlarge for training job usage"), 0)
        Faults(tmp_path).set_quotas({**few, "Response headers policies per AWS account": 1})
        around = Surroundings(
            stage=STAGES["dev"],
            region=cloud.region,
            client=lambda service, _region="": cloud.client(service),
            run=run_program,
            environment={"CDK_DOCKER": docker},
        )
        findings = list(examine(around))
        cloud.client("ssm").put_parameter(Name="/cdk-bootstrap/hnb659fds/version", Value="28", Type="String")
        cloud.client("cloudfront").create_response_headers_policy(ResponseHeadersPolicyConfig={"Name": "another"})
        later = list(examine(around))
        monkeypatch.setenv("CDK_DOCKER", docker)
        registries = log_in(
            [f"{PRIVATE}/pytorch:2.13-cpu-amzn2023"], lambda service, region_name: cloud.client(service)
        )
    assert registries == json.loads((tmp_path / "docker.json").read_text())["logins"] == [PRIVATE]
    assert [(f.what, f.says.partition(":")[0]) for f in findings if f.mark is Mark.TO_DEPLOY] == [
        ("bootstrap", "not done in eu-west-1"),
        ("quota", "ml.g5.xlarge for endpoint usage"),
    ]
    assert [f.says.partition(":")[0] for f in findings if f.mark is Mark.TO_USE] == [
        "ml.p4d.24xlarge for training job usage"
    ]
    assert [f.what for f in later if f.mark is Mark.TO_DEPLOY] == ["quota", "page"]
    assert "cannot be read" not in "".join(map(str, findings))

"""The real CDK command against the local cloud, on a tiny assembly: references to what was replaced do not stay behind."""

from pathlib import Path
from typing import Any

import pytest

from cli.deploy import deploy_stacks
from local.cloud import LocalCloud
from tests.integration import local_toy


def write(folder: Path, queue: str) -> Path:
    """A stack with a queue of this name, and one with a parameter that holds its address."""
    address = {"Fn::GetStackOutput": {"StackName": "atelier-toy-first", "OutputName": "Address"}}
    first: dict[str, Any] = {
        "Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": queue}}},
        "Outputs": {"Address": {"Value": {"Ref": "Queue"}}},
    }
    note = {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Name": "/note", "Value": address}}
    return local_toy.write_assembly(
        folder, {"atelier-toy-first": first, "atelier-toy-second": {"Resources": {"Note": note}}}
    )


def test_whoever_refers_to_what_was_replaced_is_deployed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with LocalCloud(tmp_path / "run") as cloud:
        cloud.deploy(write(tmp_path / "before", "one"))
        local_toy.use_as_aws(cloud, monkeypatch)

        deploy_stacks("toy", write(tmp_path / "after", "two"), ["--require-approval", "never"])

        assert cloud.client("ssm").get_parameter(Name="/note")["Parameter"]["Value"].endswith("/two")
    said = "".join(capfd.readouterr())  # The command writes its log to stdout where CI is set, to stderr elsewhere.
    assert "Replaced: atelier-toy-first.Address." in said
    # The command by itself left it at the queue that is gone.
    assert "atelier-toy-second (no changes)" in said

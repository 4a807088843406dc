"""``atelier logs``: where they are, and the last lines."""

import json
import time
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from cli.account import NotDeployedError
from cli.errors import CommandError
from cli.logs import run_logs
from contracts.log_names import log_name
from local.errors import LocalCloudError

GROUP = "/aws/cloudformation/atelier-dev-api/HandlerLog134E04E8"
TEMPLATE = {"Resources": {"HandlerLog134E04E8": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": GROUP}}}}
WHERE: dict[str, Any] = {"stage": "dev", "cloud": Path("out/local"), "json": False, "lines": 2}


@pytest.fixture(autouse=True)
def account(monkeypatch: pytest.MonkeyPatch) -> Any:
    for name, value in (("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test"), ("AWS_REGION", "us-east-1")):
        monkeypatch.setenv(name, value)
    with mock_aws():
        yield boto3.client("cloudformation", region_name="us-east-1")


def test_groups_are_listed_with_who_writes_them(account: Any, capsys: pytest.CaptureFixture[str]) -> None:
    account.create_stack(StackName="atelier-dev-api", TemplateBody=json.dumps(TEMPLATE))
    run_logs("", **WHERE)
    told = capsys.readouterr().out
    assert f"api HandlerLog   {GROUP}\n" in told
    assert "/aws/sagemaker/TrainingJobs" in told


def test_the_last_lines_of_a_group_are_printed(account: Any, capsys: pytest.CaptureFixture[str]) -> None:
    account.create_stack(StackName="atelier-dev-api", TemplateBody=json.dumps(TEMPLATE))
    logs = boto3.client("logs", region_name="us-east-1")
    logs.create_log_stream(logGroupName=GROUP, logStreamName="one")
    now = int(time.time() * 1000)  # older and newer ones than CloudWatch takes are dropped
    events = [{"timestamp": now + number, "message": f"line {number}\n"} for number in range(3)]
    logs.put_log_events(logGroupName=GROUP, logStreamName="one", logEvents=events)
    run_logs("handler", **WHERE)
    told = [line.split("Z ") for line in capsys.readouterr().out.splitlines()]
    assert [words for _, words in told] == ["line 1", "line 2"]
    with pytest.raises(CommandError, match="allowed: part of a name"):
        run_logs("nothing", **WHERE)


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotDeployedError, match="make deploy STAGE=dev"):
        run_logs("", **WHERE)
    with pytest.raises(LocalCloudError, match="atelier up --out"):
        run_logs("", **{**WHERE, "stage": "", "cloud": tmp_path})


def test_the_lines_of_one_prediction_are_found_in_all_groups(account: Any, capsys: pytest.CaptureFixture[str]) -> None:
    account.create_stack(StackName="atelier-dev-api", TemplateBody=json.dumps(TEMPLATE))
    logs = boto3.client("logs", region_name="us-east-1")
    logs.create_log_stream(logGroupName=GROUP, logStreamName="one")
    mine, other, now = "0" * 26, "1" * 26, int(time.time() * 1000)
    events = [
        {"timestamp": now + number, "message": f"{log_name(each)} is line {number}"}
        for number, each in enumerate((mine, other, mine))
    ]
    logs.put_log_events(logGroupName=GROUP, logStreamName="one", logEvents=events)
    run_logs(mine, **WHERE)
    told = [line.split("Z ")[1] for line in capsys.readouterr().out.splitlines()]
    assert told == [f"{log_name(mine)} is line {number}" for number in (0, 2)]

"""What the local cloud's IAM decides on where a request names a list, or a stream of a log."""

import json

import pytest
from ministack.core import iam_actions

from local.seams import listed_names


def resource(service: str, action: str, body: dict[str, object]) -> str:
    headers = {"x-amz-target": f"Some_20140328.{action}"}
    found: str = iam_actions.extract_resource_arn(
        service, "POST", "/", headers, json.dumps(body).encode(), {}, "us-east-1", "123456789012"
    )
    return found


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(iam_actions, "extract_resource_arn", iam_actions.extract_resource_arn)
    listed_names.install()


@pytest.mark.parametrize("action", ["GetLogEvents", "DeleteLogStream"])
def test_who_reads_or_deletes_a_stream_needs_the_right_to_that_stream(action: str) -> None:
    body: dict[str, object] = {"logGroupName": "/aws/sagemaker/TrainingJobs", "logStreamName": "atelier-local-1/algo-1"}
    group = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/sagemaker/TrainingJobs"
    assert resource("logs", action, body) == f"{group}:log-stream:atelier-local-1/algo-1"
    assert resource("logs", "DescribeLogStreams", body) == group


def test_who_asks_about_the_run_of_a_map_needs_the_right_to_that_run() -> None:
    run = "arn:aws:states:us-east-1:123456789012:mapRun:atelier-local-batches/paint:1"
    assert resource("states", "DescribeMapRun", {"mapRunArn": run}) == run
    assert resource("states", "DescribeMapRun", {}) == "*"


def test_one_repository_of_a_list_is_that_one() -> None:
    assert resource("ecr", "DescribeRepositories", {"repositoryNames": ["a"]}).endswith(":repository/a")

"""Step Functions' Distributed Map: rows of a file in S3, children that wait for tokens, failures that are tolerated, stops and restarts."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.cloud import LocalCloud
from tests.integration import local_toy
from tests.integration.local_toy import until
from tests.integration.test_local_restart import FUNCTION, calls, ended, kill, template

Record = dict[str, Any]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the cloud is kept."""
    return tmp_path_factory.mktemp("map")


@pytest.fixture
def cloud(folder: Path) -> Iterator[LocalCloud]:
    """A cloud on the same folder for each test, with a function that counts its calls and keeps their tokens."""
    code = folder / "code"
    with LocalCloud(folder / "run") as started:
        if not code.exists():
            code.mkdir()
            (code / "app.py").write_text(FUNCTION, encoding="utf-8")
            started.deploy(local_toy.write_assembly(folder / "out", {"Toy": template()}, lambdas={"function": code}))
        yield started


def start(cloud: LocalCloud, name: str, rows: int, **own: Any) -> str:
    """The execution of a machine that maps ``rows`` rows, two at once; each waits for the token that its function was given."""
    outputs, client = cloud.outputs("Toy"), cloud.client("stepfunctions")
    lines = "".join(json.dumps({"name": f"{name}-{row}"}) + "\n" for row in range(rows))
    cloud.client("s3").put_object(Bucket=outputs["Bucket"], Key=f"{name}/rows.jsonl", Body=lines.encode())
    paint = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
        "Arguments": {
            "FunctionName": outputs["Function"],
            "Payload": {"name": "{% $states.input.name %}", "token": "{% $states.context.Task.Token %}"},
        },
        "TimeoutSeconds": 300,
        "End": True,
    }
    place = {"Bucket": "{% $states.input.bucket %}", "Key": f"{name}/rows.jsonl"}
    state = {
        "Type": "Map",
        "Label": "Rows",
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject",
            "ReaderConfig": {"InputType": "JSONL"},
            "Arguments": place,
        },
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "Paint",
            "States": {"Paint": paint},
        },
        "MaxConcurrency": "{% $states.input.most %}",
        "ResultWriter": {
            "Resource": "arn:aws:states:::s3:putObject",
            "Arguments": {"Bucket": "{% $states.input.bucket %}", "Prefix": f"{name}/map"},
        },
        "End": True,
        **own,
    }
    definition = {"QueryLanguage": "JSONata", "StartAt": "Map", "States": {"Map": state}}
    machine = client.create_state_machine(name=name, definition=json.dumps(definition), roleArn=outputs["MachineRole"])
    given = json.dumps({"bucket": outputs["Bucket"], "most": 2})
    arn: str = client.start_execution(stateMachineArn=machine["stateMachineArn"], name=name, input=given)[
        "executionArn"
    ]
    return arn


def answer(cloud: LocalCloud, name: str, *, fails: bool = False) -> None:
    """Answer a row's token as soon as it was handed out."""
    token = until(lambda: calls(cloud, name)[1], cloud)
    client = cloud.client("stepfunctions")
    if fails:
        client.send_task_failure(taskToken=token, error="Unfit", cause="why")
    else:
        client.send_task_success(taskToken=token, output="{}")


def counts(cloud: LocalCloud, execution: str) -> Record:
    """What the execution's map run says of its rows."""
    client = cloud.client("stepfunctions")
    (run,) = client.list_map_runs(executionArn=execution)["mapRuns"]
    found = client.describe_map_run(mapRunArn=run["mapRunArn"])
    return {"status": found["status"], **{key: value for key, value in found["itemCounts"].items() if value}}


def test_rows_are_mapped_a_few_at_once_and_failures_are_tolerated(cloud: LocalCloud) -> None:
    execution = start(cloud, "tolerates", 4, ToleratedFailurePercentage="{% 25 %}")
    until(lambda: calls(cloud, "tolerates-0")[0] and calls(cloud, "tolerates-1")[0], cloud)
    assert [calls(cloud, f"tolerates-{row}")[0] for row in range(4)] == [1, 1, 0, 0]
    answer(cloud, "tolerates-0", fails=True)
    for row in range(1, 4):
        answer(cloud, f"tolerates-{row}")
    found = until(lambda: ended(cloud, execution), cloud)
    assert found["status"] == "SUCCEEDED", found
    assert counts(cloud, execution) == {"status": "SUCCEEDED", "failed": 1, "succeeded": 3, "total": 4}
    place = json.loads(found["output"])["ResultWriterDetails"]
    s3 = cloud.client("s3")
    manifest = json.loads(s3.get_object(Bucket=place["Bucket"], Key=place["Key"])["Body"].read())
    (failed,) = manifest["ResultFiles"]["FAILED"]
    (child,) = json.loads(s3.get_object(Bucket=place["Bucket"], Key=failed["Key"])["Body"].read())
    assert (child["Error"], json.loads(child["Input"])) == ("Unfit", {"name": "tolerates-0"})


def test_more_failures_than_tolerated_end_the_map(cloud: LocalCloud) -> None:
    execution = start(cloud, "exceeds", 4, ToleratedFailurePercentage=20)
    answer(cloud, "exceeds-0", fails=True)
    found = until(lambda: ended(cloud, execution), cloud)
    assert (found["status"], found["error"]) == ("FAILED", "States.ExceedToleratedFailureThreshold")
    assert calls(cloud, "exceeds-3")[0] == 0


def test_a_stopped_execution_takes_its_children_along(cloud: LocalCloud) -> None:
    execution = start(cloud, "stopped", 4)
    client = cloud.client("stepfunctions")
    token = until(lambda: calls(cloud, "stopped-0")[1], cloud)
    client.stop_execution(executionArn=execution)
    until(lambda: counts(cloud, execution)["status"] == "ABORTED", cloud)
    with pytest.raises(client.exceptions.ClientError, match=r"TaskDoesNotExist|TaskTimedOut"):
        client.send_task_success(taskToken=token, output="{}")
    assert calls(cloud, "stopped-3")[0] == 0


def test_a_map_goes_on_after_the_server_was_killed(folder: Path) -> None:
    with LocalCloud(folder / "run") as cloud:
        execution = start(cloud, "killed", 5)
        answer(cloud, "killed-0")
        until(lambda: calls(cloud, "killed-2")[0], cloud)
        kill(cloud)
    with LocalCloud(folder / "run") as again:
        for row in range(1, 5):
            answer(again, f"killed-{row}")
        found = until(lambda: ended(again, execution), again)
        assert found["status"] == "SUCCEEDED", found
        assert counts(again, execution) == {"status": "SUCCEEDED", "succeeded": 5, "total": 5}
        # A call whose answer was lost with the server may have been made: it is made again.
        assert [calls(again, f"killed-{row}")[0] for row in (0, 3, 4)] == [1] * 3
        assert all(calls(again, f"killed-{row}")[0] <= 2 for row in (1, 2))

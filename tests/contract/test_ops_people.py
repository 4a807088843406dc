"""Nothing of a person is left in any bucket, table or log group: the handlers, on an account that keeps old versions."""

import base64
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from atelier_ops.gateways import aws
from atelier_ops.gateways.workflow import Executions
from atelier_ops.logic.people import erasure
from tests.contract.ops_cloud import cloud, handler_module
from tests.unit.ops_fakes import PNG

REFERENCE, OTHER = "release-2026-0417", "release-2026-0999"
JOBS = "/aws/sagemaker/TrainingJobs"


class Context:
    """What Lambda hands over beside the event."""

    function_name = memory_limit_in_mb = invoked_function_arn = aws_request_id = "x"

    def get_remaining_time_in_millis(self) -> int:
        return 900_000


@pytest.fixture(autouse=True)
def _cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    aws.client.cache_clear()
    with cloud(monkeypatch):
        for bucket in ("data", "model"):
            versioned = {"Status": "Enabled"}
            aws.client("s3").put_bucket_versioning(Bucket=bucket, VersioningConfiguration=versioned)
        monkeypatch.setattr(erasure, "SETTLED", 0)
        monkeypatch.setattr("atelier_ops.logic.people.sweep.SETTLED", 0)
        monkeypatch.setattr(Executions, "listing", lambda _, **__: iter(()))
        yield
    aws.client.cache_clear()


def ask(method: str, path: str, body: Any = None) -> Any:
    """A request of the client ``first``."""
    event = {
        "httpMethod": method,
        "path": path,
        "headers": {"Content-Type": "application/json"},
        "body": json.dumps(body) if body is not None else None,
        "isBase64Encoded": False,
        "requestContext": {"identity": {"apiKeyId": "key-1"}, "requestId": "r"},
    }
    answered = handler_module("api").handler(event, Context())
    assert answered["statusCode"] < 300, answered
    return json.loads(answered["body"] or "{}")


def sweep(times: int = 4) -> None:
    for _ in range(times):
        handler_module("delete_people").handler({}, Context())
        handler_module("delete_styles").handler({}, Context())


def paint(consent: str) -> Any:
    made = ask("POST", "/v1/files", {"name": "a.png", "content_type": "image/png", "purpose": "upload", "size": 9})
    aws.client("s3").put_object(Bucket="media", Key=made["uri"], Body=PNG)
    inputs = {"mode": "image_to_image", "prompt": "a red skirt", "image": made["uri"], "consent": consent}
    return ask("POST", "/v1/predictions", {"input": inputs})


def everything() -> str:
    """Every object with all its versions, every item of the table, every line of every log group."""
    s3, logs, found = aws.client("s3"), aws.client("logs"), list[Any]()
    for bucket in ("data", "model", "media"):
        listed = s3.list_object_versions(Bucket=bucket)
        for each in [*listed.get("Versions", ()), *listed.get("DeleteMarkers", ())]:
            found.append([bucket, each["Key"]])
        for each in listed.get("Versions", ()):
            body = s3.get_object(Bucket=bucket, Key=each["Key"], VersionId=each["VersionId"])["Body"].read()
            found.append(body.decode(errors="replace"))
    found += aws.client("dynamodb").scan(TableName="table")["Items"]
    for group in logs.describe_log_groups()["logGroups"]:
        name = group["logGroupName"]
        for stream in logs.describe_log_streams(logGroupName=name)["logStreams"]:
            lines = logs.get_log_events(logGroupName=name, logStreamName=stream["logStreamName"])["events"]
            found.append([name, stream["logStreamName"], lines])
    return json.dumps(found, default=str)


@pytest.fixture
def queueing(monkeypatch: pytest.MonkeyPatch) -> None:
    """An endpoint that takes every request: there is none in this account."""
    from atelier_ops.gateways.inference import AnswerPlaces, Inference

    def submit(_: Inference, endpoint: str, body: Any, inference_id: str, inline: str = "") -> AnswerPlaces:
        answer = f"s3://media/responses/{inference_id}.out"
        return AnswerPlaces(output=answer, failure=answer.replace("responses", "failures"))

    monkeypatch.setattr(Inference, "submit", submit)


@pytest.mark.usefixtures("queueing")
def test_nothing_of_a_person_is_left(capsys: pytest.CaptureFixture[str]) -> None:
    mine, other = paint(REFERENCE), paint(OTHER)
    s3, dynamo = aws.client("s3"), aws.client("dynamodb")
    for key in (f"outputs/{mine['id']}/0.png", f"outputs/masks/{mine['id']}/1.png"):
        s3.put_object(Bucket="media", Key=key, Body=PNG)
    for body in (b"me@old", b"me@new"):
        s3.put_object(Bucket="data", Key="datasets/skirt/me.png", Body=body)
    s3.delete_object(Bucket="data", Key="datasets/skirt/me.png")
    s3.put_object(Bucket="data", Key="datasets/skirt/also-me.png", Body=b"me")
    s3.put_object(Bucket="data", Key="datasets/other/somebody.png", Body=b"else")
    from atelier_ops.gateways.records import Records
    from atelier_ops.logic.people.style_people import note_style

    note_style(REFERENCE, "skirt", "skirt-1", "first", Records("table"))
    s3.put_object(Bucket="data", Key="runs/skirt-1/segment/me.png", Body=b"mask")
    logs = aws.client("logs")
    logs.create_log_group(logGroupName=JOBS)
    logs.create_log_stream(logGroupName=JOBS, logStreamName="atelier-test-skirt-1-train/algo-1")
    line = {"timestamp": int(time.time() * 1000), "message": "read me.png"}
    logs.put_log_events(logGroupName=JOBS, logStreamName="atelier-test-skirt-1-train/algo-1", logEvents=[line])
    assert REFERENCE in everything()

    assert ask("DELETE", f"/v1/people/{REFERENCE}")["status"] == "deleting"
    sweep()
    report = ask("GET", f"/v1/people/{REFERENCE}")
    assert report["status"] == "deleted"
    assert report["counts"]["predictions"] == 1
    assert report["counts"]["styles"] == 1
    left, said = everything(), capsys.readouterr()
    for word in (REFERENCE, mine["id"], mine["input"]["image"], "me.png", "me@old", base64.b64encode(PNG).decode()):
        assert word not in left, word
    assert other["id"] in left
    assert "datasets/other/somebody.png" in left
    assert REFERENCE not in said.out + said.err
    keys = [item["pk"]["S"] for item in dynamo.scan(TableName="table")["Items"]]
    assert sum(key.startswith("theirs#") for key in keys) == 1, "the other person's"

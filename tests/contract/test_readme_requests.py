"""The requests that README shows are answered as it says: those to the API by the API in memory, those to AWS by what AWS declares."""

import json
import re
import shlex
from pathlib import Path

import boto3
import httpx2
import pytest

from contracts.execution import ExecutionInput
from tests.unit.cli_client import Commanded
from tests.unit.ops_fakes import JPEG
from tests.unit.ops_stage import make_stage, plan_of, put_promoted, put_version
from tests.unit.test_ops_api_styles import wait

README = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
API, BUCKET, MACHINE = "https://api.test/live", "data", "arn:aws:states:us-east-1:123456789012:stateMachine:machine"
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGNgYGAAAAAEAAH2FzhVAAAAAElFTkSuQmCC"


def commands(fence: str) -> list[list[str]]:
    """The words of every command in README's blocks of a kind, with what its variables stand for."""
    blocks = re.findall(rf"```{fence}\n(.*?)```", README, re.DOTALL)
    text = "\n".join(re.sub(r"^\$ ", "", block, flags=re.MULTILINE) for block in blocks)
    for name, value in {"API": API, "KEY": "key", "DATA_BUCKET": BUCKET, "STATE_MACHINE": MACHINE}.items():
        text = text.replace(f"${name}", value)
    return [shlex.split(line, comments=True) for line in text.replace("\n    ", " ").splitlines() if line]


CURLS = [words for words in commands("console") if words[0] == "curl"]
AWS = [words for words in commands("sh") if words[0] == "aws"]


def request(words: list[str], **values: str) -> httpx2.Request:
    """What curl would send. Raises AssertionError for an option that is not known here."""
    method, headers, body, address, left = "", {}, b"", "", list(words[1:])
    while left:
        word = left.pop(0)
        if word == "-X":
            method = left.pop(0)
        elif word == "-H":
            name, _, value = left.pop(0).partition(": ")
            headers[name] = value
        elif word in ("-d", "--data-binary"):
            body = left.pop(0).replace("…", PIXEL).encode()
        else:
            assert not word.startswith("-"), word
            address = word
    for name, value in values.items():
        address = address.replace(f"${name}", value)
    return httpx2.Request(method or ("POST" if body else "GET"), address, headers=headers, content=body)


@pytest.fixture
def commanded() -> Commanded:
    commanded = Commanded(looked=lambda self, name: None)
    for number in range(2, 12):
        commanded.api.buckets.put("data", f"datasets/my-skirt/{number}.jpg", JPEG)
    return commanded


def test_the_requests_of_readme_are_answered(commanded: Commanded) -> None:
    file, put, train, look, approve, promote, predict = CURLS
    answer = commanded.answer(request(file))
    assert answer.status_code == 201, answer.text
    given = answer.json()
    assert given["uri"] == "datasets/my-skirt/IMG_2041.JPG"
    sent = request(put, UPLOAD=given["urls"]["upload"])
    assert {name: sent.headers[name] for name in given["headers"]} == given["headers"]
    assert sent.content == b"@photos/IMG_2041.JPG"
    commanded.api.buckets.put("data", given["uri"], JPEG)
    training = commanded.answer(request(train))
    assert training.status_code == 201, training.text
    assert training.json()["model"] == "my-skirt"
    assert commanded.answer(request(look, TRAINING=training.json()["id"])).json()["status"] == "starting"
    assert approve[3:4] == [f"{API}/v1/styles/my-skirt/versions/1/approve"]
    put_version(commanded.api.buckets, 1, style="my-skirt")
    put_version(commanded.api.buckets, 2, style="my-skirt")
    put_promoted(commanded.api.buckets, 2, style="my-skirt")
    promoted = commanded.answer(request(promote))
    assert (promoted.status_code, promoted.json()["version"]) == (200, "my-skirt@1")
    painted = commanded.answer(request(predict))
    assert (painted.status_code, painted.json()["status"]) == (201, "starting"), painted.text


def test_the_approval_of_readme_decides_about_a_version_that_waits(commanded: Commanded) -> None:
    wait(commanded.api, 1)
    (approve,) = [words for words in CURLS if words[-3].endswith("/approve")]
    words = [word.replace("my-skirt", "skirt") for word in approve]  # the style whose versions these tests know
    answer = commanded.answer(request(words))
    assert answer.json().get("approval") == "approved", answer.text


def test_the_execution_of_readme_is_one_that_prepare_plans() -> None:
    sync, start = AWS
    assert sync == ["aws", "s3", "sync", "photos/", f"s3://{BUCKET}/datasets/my-skirt/"]
    assert start[1:3] == ["stepfunctions", "start-execution"]
    options = dict(zip(start[3::2], start[4::2], strict=True))
    client = boto3.client("stepfunctions", region_name="us-east-1")
    shape = client.meta.service_model.operation_model("StartExecution").input_shape
    assert shape is not None
    named = {"--" + re.sub("(?<!^)(?=[A-Z])", "-", name).lower() for name in shape.members}
    assert options.keys() <= named
    asked = json.loads(options["--input"])
    ExecutionInput.from_json(asked)
    buckets, dependencies = make_stage()
    for number in range(12):
        buckets.put("data", f"datasets/my-skirt/IMG_{number}.JPG", JPEG)
    plan = plan_of(dependencies, **asked)
    assert (plan["style"], plan["approval"]) == ("my-skirt", "manual")

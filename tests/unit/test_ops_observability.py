"""What is logged, counted and traced; and that none of it is what a client sent or got."""

import base64
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest
from botocore.exceptions import ClientError

from atelier_ops.logic.notification import Outcome
from atelier_ops.logic.results import settle
from atelier_ops.logic.submission import Ending
from atelier_ops.observability import Event, count, logger, measure_queue
from contracts.layout import S3Uri
from tests.unit.ops_api import Api
from tests.unit.ops_fakes import NOW, PNG, MemoryRecords, MemoryTokens, MemoryTopic
from tests.unit.ops_logs import lines

PROMPT = "ein sehr geheimer Satz"
PICTURE = base64.b64encode(PNG).decode()
KEY = "an-api-key-that-nobody-may-read"


def metrics(out: str) -> dict[str, float]:
    """Values by name of the metrics in a log, each checked to be in CloudWatch's embedded format."""
    found = {}
    for line in out.splitlines():
        document = json.loads(line)
        (directive,) = document["_aws"]["CloudWatchMetrics"]
        assert (directive["Namespace"], directive["Dimensions"]) == ("Atelier", [["service"]])
        (metric,) = directive["Metrics"]
        (found[metric["Name"]],) = document[metric["Name"]]
    return found


def test_an_event_is_counted_in_the_stage_s_name(capsys: pytest.CaptureFixture[str]) -> None:
    count("RunFailures")
    measure_queue(12.5)
    assert metrics(capsys.readouterr().out) == {"RunFailures": 1, "SecondsInQueue": 12.5}


def test_a_prediction_s_life_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    api = Api()
    made = api.call("POST", "/v1/predictions", {"input": {"prompt": PROMPT, "mode": "text_to_image"}}).body["id"]
    finish(api, made, succeeded=False)
    other = api.call("POST", "/v1/predictions", {"input": {"prompt": PROMPT, "mode": "text_to_image"}}).body["id"]
    api.call("POST", f"/v1/predictions/{other}/cancel")
    api.call("POST", f"/v1/predictions/{other}/cancel")
    out = capsys.readouterr().out
    assert metrics(out) == {"PredictionsQueued": 1, "PredictionsFailed": 1, "PredictionsCanceled": 1}
    assert out.count('PredictionsCanceled":[') == 1


def finish(api: Api, prediction: str, *, succeeded: bool) -> None:
    """The endpoint's answer to a prediction arrives."""
    media = api.buckets.store("media")
    media.write(
        "responses/1.out",
        json.dumps({"images": [PICTURE], "output_format": "png", "seed": 0, "model": "tiny@v1"}).encode(),
        "application/json",
    )
    outcome = Outcome(inference_id=prediction, succeeded=succeeded, reason=PROMPT)
    if succeeded:
        outcome = replace(outcome, output=S3Uri(bucket="media", key="responses/1.out"))
    logger.info(
        settle(
            outcome,
            Ending(records=api.records, media=media, inference=api.inference, tokens=MemoryTokens(), due=MemoryTopic()),
            NOW + 60,
        )
    )


class Throttled(MemoryRecords):
    """A table that does not answer."""

    def get(self, key: str) -> None:
        raise ClientError({"Error": {"Code": "Throttled", "Message": "slow down"}}, "GetItem")


def use(api: Api) -> None:
    """Predictions that are queued, refused, broken and read."""
    body = {"input": {"prompt": PROMPT, "image": PICTURE, "mask": PICTURE, "mode": "inpaint"}}
    made = api.call("POST", "/v1/predictions", body, x_api_key=KEY).body["id"]
    for wrong in ({"prompt": PROMPT, "seed": PROMPT}, {"prompt": PROMPT, "image": f"http://x/{PICTURE}"}, PROMPT):
        assert api.call("POST", "/v1/predictions", {"input": wrong}, x_api_key=KEY).status == 422
    finish(api, made, succeeded=True)
    assert api.call("GET", f"/v1/predictions/{made}", x_api_key=KEY).status == 200
    upload = {"name": "a.png", "content_type": "image/png", "purpose": "upload", "size": 9}
    assert api.call("POST", "/v1/files", upload, x_api_key=KEY).body["urls"]["upload"]
    training = {"destination": "skirt", "input": {"dataset": "datasets/skirt/", "instance_prompt": PROMPT}}
    api.call("POST", "/v1/trainings", training, x_api_key=KEY)
    api.records = Throttled()
    assert api.call("GET", f"/v1/predictions/{made}", x_api_key=KEY).status == 503
    api.inference.submit = broken  # type: ignore[method-assign, assignment]
    api.records = MemoryRecords()
    assert api.call("POST", "/v1/predictions", body, x_api_key=KEY).status == 500


def broken(*_: Any) -> None:
    raise RuntimeError("a bug")


def test_nothing_that_a_client_sent_or_got_is_logged(capsys: pytest.CaptureFixture[str]) -> None:
    with lines() as logged:
        use(Api())
    assert {line["level"] for line in logged} == {"INFO", "ERROR"}
    text = json.dumps(logged) + capsys.readouterr().out
    for secret in (PROMPT, PICTURE, KEY, "?get=", "?put="):
        assert secret not in text


def test_the_metrics_of_the_readme_are_those_that_are_written(root: Path) -> None:
    page = (root / "lambdas" / "README.md").read_text(encoding="utf-8")
    section = page.partition("## Metrics")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `(\w+)`", section, re.MULTILINE)) == {*get_args(Event), "SecondsInQueue"}


def test_every_count_is_written_somewhere(root: Path) -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in (root / "lambdas").rglob("*.py"))
    assert set(re.findall(r"count\(\"(\w+)\"\)", sources)) == set(get_args(Event))

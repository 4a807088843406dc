"""The API refuses words before anything costs, by name, in every body that holds some, and counts it without them."""

import base64
import json
from typing import Any

import pytest

from contracts.safety.rules import SafetyRules
from tests.unit.ops_api import Api
from tests.unit.ops_fakes import PNG
from tests.unit.ops_stage import put_version

PICTURE = base64.b64encode(PNG).decode()
INPUT = {"prompt": "undress her", "image": PICTURE, "mask_prompt": "a skirt"}
TRAINING = {"dataset": "datasets/skirt/", "target": "a skirt", "instance_prompt": "a photo of sks skirt"}


@pytest.fixture
def api() -> Api:
    return Api()


def refused(answered: Any, reason: str) -> None:
    assert answered.status == 422, answered.body
    assert answered.body["type"] == f"urn:x-atelier:refused:{reason}"
    assert answered.body["reason"] == answered.body["errors"][0]["reason"] == reason


def test_a_prediction_is_refused_before_anything_is_kept(
    api: Api, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    answered = api.call("POST", "/v1/predictions", {"input": INPUT})
    refused(answered, "words-undressing")
    assert answered.body["what"] == "input.prompt"
    assert not api.inference.queue
    assert not api.records.items
    assert "RequestsRefusedBySafety" in (out := capsys.readouterr().out)
    (line,) = caplog.records
    assert line.__dict__["reason"] == "words-undressing"
    assert "undress her" not in out + caplog.text + str(line.__dict__)


@pytest.mark.parametrize("path", ["/v1/models/atelier/base/predictions", "/v1/predictions"])
def test_replicates_routes_refuse_too(api: Api, path: str) -> None:
    refused(api.call("POST", path, {"input": {**INPUT, "prompt": "p", "mask_prompt": "her nipples"}}), "words-nudity")


def test_openai_reads_its_own_code(api: Api) -> None:
    answered = api.call("POST", "/v1/images/generations", {"prompt": "a nude woman"})
    assert (answered.status, answered.body["error"]["code"]) == (422, "content_policy_violation")


def test_stability_reads_its_own_name(api: Api) -> None:
    fields: dict[str, str | bytes] = {"image": PNG, "prompt": "bare skin", "search_prompt": "a dress"}
    answered = api.post_form("/v2beta/stable-image/edit/search-and-replace", fields)
    assert (answered.status, answered.body["name"]) == (403, "content_moderation")
    assert "prompt" in answered.body["errors"][0]


def test_a_batch_is_refused_with_the_lines(api: Api) -> None:
    body = {
        "input": {"prompt": "a {what} dress", "image": PICTURE, "mask_prompt": "a dress"},
        "items": [{"what": "red"}, {"what": "see-through, her body visible in a"}, {"what": "blue"}],
    }
    answered = api.call("POST", "/v1/batches", body)
    refused(answered, "words-nudity")
    assert [each["what"] for each in answered.body["errors"]] == ["line 2: input.prompt"]


@pytest.mark.parametrize("name", ["target", "instance_prompt", "class_prompt"])
def test_a_training_is_refused_in_any_reading(api: Api, name: str) -> None:
    words = "a photo of a {nude|dressed} woman" if name == "class_prompt" else "a nude woman"
    answered = api.call("POST", "/v1/trainings", {"destination": "skirt", "input": {**TRAINING, name: words}})
    refused(answered, "words-nudity")
    assert not api.executions.started


def test_an_adapter_s_words_are_refused(api: Api) -> None:
    put_version(api.buckets, 1)
    body = {"weights": "uploads/x", "instance_prompt": "photo of a naked person"}
    refused(api.call("POST", "/v1/styles/skirt/versions", body), "words-nudity")


def test_the_stage_says_what_it_sells(api: Api) -> None:
    wanted = {"input": {**INPUT, "prompt": "a red bikini"}}
    refused(api.call("POST", "/v1/predictions", wanted), "words-swimwear")
    api.safety = SafetyRules(sells=("swimwear",))
    assert api.call("POST", "/v1/predictions", wanted).status == 201
    assert json.dumps(api.inference.queue)

"""Stability's search and replace, as its documentation calls it: with an HTTP client, a form and an Accept header."""

import base64
from typing import Any

import httpx
import pytest

from contracts.disclosure import TEXTS, header_value
from contracts.stability import ReplacedPicture, StabilityError
from tests.contract.test_client_replicate import Transport
from tests.unit.ops_fakes import PNG
from tests.unit.ops_http import ADDRESS, HttpApi
from tests.unit.ops_stage import put_promoted, put_version

ASKED = {"prompt": "a red skirt", "search_prompt": "a skirt"}


@pytest.fixture
def http() -> HttpApi:
    """A stage with a style."""
    http = HttpApi(prompt=True)
    put_version(http.api.buckets, 1)
    put_promoted(http.api.buckets, 1)
    return http


def ask(http: HttpApi, accept: str = "image/*", image: bytes = PNG, **fields: Any) -> httpx.Response:
    client = httpx.Client(transport=Transport(http))
    return client.post(
        f"{ADDRESS}/v2beta/stable-image/edit/search-and-replace",
        headers={"authorization": "Bearer key", "accept": accept},
        files={"image": ("photo.png", image)},
        data={**ASKED, **fields},
    )


@pytest.mark.parametrize("accept", ["image/*", "image/png", "IMAGE/*;q=1, application/json"])
def test_the_answer_is_the_picture(http: HttpApi, accept: str) -> None:
    answered = ask(http, accept, output_format="png", seed=7)
    assert (answered.status_code, answered.content, answered.headers["content-type"]) == (200, PNG, "image/png")
    assert (answered.headers["finish-reason"], answered.headers["seed"]) == ("SUCCESS", "7")
    assert answered.headers["atelier-disclosure"] == header_value("en", TEXTS["en"])


@pytest.mark.parametrize("accept", ["application/json", "*/*", "", "application/json, image/*"])
def test_the_answer_is_json_where_api_gateway_hands_out_no_bytes(http: HttpApi, accept: str) -> None:
    answered = ask(http, accept)
    picture = ReplacedPicture.model_validate_json(answered.text)
    assert (base64.b64decode(picture.image), picture.seed, picture.finish_reason) == (PNG, 7, "SUCCESS")


def test_what_is_asked_reaches_the_model(http: HttpApi) -> None:
    ask(http, version="skirt", negative_prompt="blue", grow_mask=5, seed=3, output_format="webp")
    ask(http, seed=0)
    painted, other = http.painted
    assert base64.b64decode(painted.pop("image")) == PNG
    assert painted == painted | {
        "mode": "style",
        "prompt": "a red skirt",
        "mask_prompt": "a skirt",
        "negative_prompt": "blue",
        "mask_grow": 5,
        "seed": 3,
        "output_format": "webp",
        "adapter": "skirt@1",
    }
    assert "seed" not in other


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"image": b"GIF89a"}, "a GIF file"),
        ({"search_prompt": ""}, "search_prompt"),
        ({"search_prompt": "!!!"}, "search_prompt: got '!!!'; allowed: words in English"),
        ({"image": b"no picture"}, "image: got "),
        ({"grow_mask": 21}, "grow_mask: got 21; allowed: an integer from 0 to 20"),
        ({"style_preset": "anime"}, "unknown key"),
        ({"version": "nothing"}, "allowed: a style that is published: skirt"),
        ({"image": PNG.replace(b"\0\0\0\x40\0\0\0\x40", b"\0\0\x06\0\0\0\x06\0")}, "output_format jpeg, or POST /v1/"),
    ],
)
def test_what_cannot_be_done_is_refused_in_words(http: HttpApi, changes: dict[str, Any], words: str) -> None:
    answered = ask(http, **changes)
    assert answered.status_code == 422
    error = StabilityError.model_validate_json(answered.text)
    assert (error.id, error.name) == ("request-1", "unprocessable_entity")
    assert words in error.errors[0]
    assert "input." not in answered.text
    assert not http.api.records.items


def test_a_request_that_is_sent_again_gets_what_was_begun(http: HttpApi) -> None:
    http.asleep = True
    refused = ask(http)
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "30")
    assert refused.json()["name"] == "service_unavailable"
    http.asleep = False
    assert ask(http).content == PNG
    assert len(http.painted) == 1
    assert ask(http).content == PNG
    assert len(http.painted) == 2


def test_a_picture_that_no_answer_can_hold_is_not_lost(http: HttpApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("atelier_ops.logic.facades.stability.MOST_BYTES", 9)
    answered = ask(http)
    (record,) = http.api.predictions
    assert answered.status_code == 422
    assert f"GET /v1/predictions/{record.data['id']} has its address" in answered.json()["errors"][0]

"""Stability's search and replace, asked of the model server itself: a form in; the picture, or JSON with it, out."""

from collections.abc import Mapping

import httpx2
import numpy as np
import pytest

from atelier_inference.dialects.stability_search_and_replace import StabilitySearchAndReplace
from contracts.errors import InvalidInputError
from contracts.prediction import PredictionOutput
from imaging.pictures import decode, encode
from tests.integration.inference_server import HEIGHT, WIDTH, Server, noise, received, sent

PHOTO = encode(noise(), "png")
WORDS = {"prompt": "a red skirt", "search_prompt": "a skirt", "seed": "7"}
JSON = "application/json"


def ask(
    server: Server, fields: Mapping[str, str], accept: str = JSON, *, image: bytes | None = PHOTO
) -> httpx2.Response:
    files = [("image", ("photo.png", image, "image/png"))] if image else [("other", ("a", b"", "text/plain"))]
    return server.client.post("/invocations", data=dict(fields), files=files, headers={"Accept": accept})


def native(server: Server) -> PredictionOutput | None:
    """What our own request is answered; None where the miniature finds no skirt in noise."""
    ours = {"mode": "style", "image": sent(noise()), "prompt": "a red skirt", "mask_prompt": "a skirt", "seed": 7}
    response = server.post(**ours)
    return PredictionOutput.from_json(response.json()) if response.status_code == 200 else None


def test_json_has_the_picture_where_json_is_accepted(server: Server) -> None:
    expected, response = native(server), ask(server, WORDS)
    assert expected is not None, "the miniature finds something"
    assert response.status_code == 200, response.text
    told = response.json()
    assert set(told) == {"image", "finish_reason", "seed"}
    assert (told["finish_reason"], told["seed"]) == ("SUCCESS", 7)
    assert np.array_equal(received(told["image"]), received(expected.images[0]))


@pytest.mark.parametrize("accept", ["image/*", "*/*", "image/webp, application/json"])
@pytest.mark.parametrize("file_format", ["png", "jpeg", "webp"])
def test_else_the_picture_itself_is_the_answer(server: Server, accept: str, file_format: str) -> None:
    response = ask(server, {**WORDS, "output_format": file_format}, accept)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == f"image/{file_format}"
    assert (response.headers["finish-reason"], response.headers["seed"]) == ("SUCCESS", "7")
    assert decode(response.content, name="answer").size == (WIDTH, HEIGHT)


def test_seed_0_is_a_random_one(server: Server) -> None:
    seeds = {ask(server, {**WORDS, "seed": "0"}).json()["seed"] for _ in range(2)}
    assert len(seeds) == 2


WRONG: dict[str, tuple[dict[str, str], list[str]]] = {
    "an unknown field": ({**WORDS, "style_preset": "enhance"}, ["unknown key: got 'style_preset'"]),
    "a seed": ({**WORDS, "seed": "4294967295"}, ["seed: got 4294967295"]),
    "growth": ({**WORDS, "grow_mask": "21"}, ["grow_mask: got 21; allowed: an integer from 0 to 20"]),
    "a format": ({**WORDS, "output_format": "gif"}, ["output_format: got 'gif'"]),
    "two problems": ({"search_prompt": "a skirt", "grow_mask": "x"}, ["missing key 'prompt'", "grow_mask: got 'x'"]),
    "a style": ({**WORDS, "version": "trousers"}, ["trousers"]),
    "no thing": ({**WORDS, "search_prompt": "123"}, ["search_prompt: got '123'"]),
}


@pytest.mark.parametrize("case", WRONG)
@pytest.mark.parametrize("accept", [JSON, "image/*"])
def test_what_is_wrong_is_told_in_stability_s_names(server: Server, case: str, accept: str) -> None:
    fields, words = WRONG[case]
    response = ask(server, fields, accept)
    assert response.status_code == 400, response.text
    told = response.json()
    assert set(told) == {"id", "name", "errors"}
    assert (told["name"], len(told["errors"])) == ("bad_request", len(words))
    assert all(any(each in line for line in told["errors"]) for each in words), told["errors"]


def test_the_error_s_id_is_what_the_log_calls_the_request(server: Server) -> None:
    files = [("image", ("a.png", PHOTO, "image/png"))]
    headers = {"X-Amzn-SageMaker-Inference-Id": "mine"}
    response = server.client.post("/invocations", data={"seed": "x"}, files=files, headers=headers)
    assert response.json()["id"] == "mine"


def test_a_picture_is_needed_and_must_be_one(server: Server) -> None:
    assert "missing key 'image'" in ask(server, WORDS, image=None).text
    assert "image: got" in ask(server, WORDS, image=b"no picture").text


def test_an_answer_that_is_neither_is_refused(server: Server) -> None:
    assert ask(server, WORDS, "video/mp4").json()["errors"] == [
        "accept: got 'video/mp4'; allowed: image/* or application/json"
    ]


@pytest.mark.parametrize(
    ("status", "kind", "expected"),
    [
        (400, "RefusedContentError", (403, "content_moderation")),
        (503, "BusyError", (503, "service_unavailable")),
        (500, "InternalError", (500, "internal_error")),
    ],
)
def test_errors_have_stability_s_names(status: int, kind: str, expected: tuple[int, str]) -> None:
    error = InvalidInputError("server", got="a", allowed="b")
    response = StabilitySearchAndReplace().refuse(status, kind, error, "r1")
    assert response.status_code == expected[0]
    assert f'"name":"{expected[1]}"'.encode() in bytes(response.body)

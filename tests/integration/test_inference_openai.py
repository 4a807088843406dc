"""Requests as OpenAI's clients send them, to the model server itself: generations as JSON, edits as forms and as JSON."""

import base64
import json
from collections.abc import Mapping
from typing import Any

import httpx2
import numpy as np
import pytest
from openai.types import ImagesResponse
from PIL import Image, ImageChops

from atelier_inference.dialects import dialect_of
from atelier_inference.dialects.dialect import Invocation
from contracts.prediction import PredictionInput
from diffusion.family import RefusedContentError
from imaging.pictures import encode
from tests.integration.inference_server import HEIGHT, INPAINT, WIDTH, Server, disc, noise, received, sent

SIZED = {"prompt": "a cat", "size": "64x72", "n": 2}


def clear_disc() -> Image.Image:
    """A mask whose middle is transparent."""
    mask = noise().convert("RGBA")
    mask.putalpha(ImageChops.invert(disc()))
    return mask


PHOTO, MASK = encode(noise(), "png"), encode(clear_disc(), "png")


def meant(said: object) -> PredictionInput:
    call = Invocation(content_type="application/json", accept="", body=bytearray(json.dumps(said).encode()))
    dialect = dialect_of(call)
    assert dialect.name == "openai-images"
    (request,) = dialect.read(call).decoded(lambda _: None).requests
    return request


def pictures(response: httpx2.Response) -> list[Any]:
    assert response.status_code == 200, response.text
    told = ImagesResponse.model_validate(response.json())
    assert told.created > 1_700_000_000
    return [received(str(each.b64_json)) for each in told.data or ()]


def edit(server: Server, fields: Mapping[str, str], *files: tuple[str, bytes]) -> httpx2.Response:
    parts = [(name, (f"{name}.png", body, "image/png")) for name, body in files]
    return server.client.post("/invocations", data=dict(fields), files=parts)


def refused(response: httpx2.Response) -> tuple[str, str]:
    """What a refused call is told: its words, and what of it is wrong."""
    assert response.status_code == 400, response.text
    told = response.json()
    assert set(told) == {"error"}
    assert set(told["error"]) == {"message", "type", "param", "code"}
    assert (told["error"]["type"], told["error"]["code"]) == ("invalid_request_error", None)
    return told["error"]["message"], told["error"]["param"]


def test_a_generation_is_pictures_of_its_size(server: Server) -> None:
    first, second = pictures(server.client.post("/invocations", json=SIZED))
    assert first.shape == second.shape == (72, 64, 3)
    told = server.client.post("/invocations", json={**SIZED, "n": 1, "output_format": "webp"}).json()
    assert told["output_format"] == "webp"
    assert base64.b64decode(told["data"][0]["b64_json"])[8:12] == b"WEBP"


def test_what_is_left_out_is_the_base_model_s_own() -> None:
    request = meant({"prompt": "a cat", "model": "base"})
    assert request.model_dump(exclude_defaults=True) == {"mode": "text_to_image", "prompt": "a cat"}


@pytest.mark.parametrize("model", ["skirt@1", "atelier/skirt:skirt@1", "atelier/skirt:1"])
def test_a_model_is_a_style(server: Server, model: str) -> None:
    assert meant({"prompt": "a cat", "model": model}).adapter == "skirt@1"
    message, param = refused(server.client.post("/invocations", json={**SIZED, "model": "trousers"}))
    assert (param, "trousers" in message) == ("model", True)


def test_what_is_transparent_in_an_edit_s_mask_is_repainted_and_nothing_else(server: Server) -> None:
    (painted,) = pictures(edit(server, {"prompt": "a red skirt"}, ("image", PHOTO), ("mask", MASK)))
    before = np.asarray(noise())
    assert painted.shape == before.shape
    assert np.array_equal(painted[:8, :8], before[:8, :8])
    middle = (slice(HEIGHT // 2 - 4, HEIGHT // 2 + 4), slice(WIDTH // 2 - 4, WIDTH // 2 + 4))
    assert not np.array_equal(painted[middle], before[middle])


@pytest.mark.parametrize("said", [b"image[]", b"image"])
def test_a_picture_may_come_as_a_list_of_one(server: Server, said: bytes) -> None:
    (painted,) = pictures(edit(server, {"prompt": "p", "n": "1"}, (said.decode(), PHOTO), ("mask", MASK)))
    assert painted.shape == (HEIGHT, WIDTH, 3)


IN_JSON: dict[str, dict[str, Any]] = {
    "references": {
        "images": [{"image_url": f"data:image/png;base64,{base64.b64encode(PHOTO).decode()}"}],
        "mask": {"image_url": f"data:image/png;base64,{base64.b64encode(MASK).decode()}"},
    },
    "texts": {"image": sent(noise()), "mask": sent(clear_disc()), "n": 1},
    "a list of texts": {"image": [sent(noise())], "mask": sent(clear_disc()), "n": 1},
}


@pytest.mark.parametrize("form", IN_JSON)
def test_an_edit_in_json_is_that_of_a_form(form: str) -> None:
    request = meant({"prompt": "a red skirt", **IN_JSON[form]})
    assert (request.mode, request.mask_convention) == ("inpaint", "transparent")
    assert np.array_equal(received(request.image.rpartition(",")[2]), np.asarray(noise()))


def test_an_edit_in_json_is_painted(server: Server) -> None:
    (painted,) = pictures(server.client.post("/invocations", json={"prompt": "p", **IN_JSON["references"]}))
    assert np.array_equal(painted[:8, :8], np.asarray(noise())[:8, :8])


def test_without_a_mask_words_or_nothing_say_what_is_repainted() -> None:
    image = {"image": sent(noise()), "n": 1, "prompt": "p"}
    request = meant({**image, "mask_prompt": "a skirt"})
    assert (request.mode, request.mask_prompt) == ("style", "a skirt")
    assert meant(image).mode == "image_to_image"


def test_a_mask_s_file_of_nothing_is_no_mask_left_out(server: Server) -> None:
    message, param = refused(edit(server, {"prompt": "p"}, ("image", PHOTO), ("mask", b"")))
    assert (param, "an empty file" in message) == ("mask", True)
    assert refused(server.client.post("/invocations", json={**IN_JSON["texts"], "prompt": "p", "mask": ""}))


def test_a_mask_that_says_white_is_refused_and_not_guessed(server: Server) -> None:
    white = encode(disc(), "png")
    message, param = refused(edit(server, {"prompt": "p"}, ("image", PHOTO), ("mask", white)))
    assert (param, "a mask without transparency" in message) == ("mask", True)


WRONG: dict[str, tuple[dict[str, Any], str, str]] = {
    "addresses": ({**SIZED, "response_format": "url"}, "response_format", "this endpoint keeps no files"),
    "ten pictures": ({**SIZED, "n": 10}, "n", "an integer from 1 to 8"),
    "a text": ({**SIZED, "n": "2"}, "n", "got '2'"),
    "a size": ({**SIZED, "size": "large"}, "size", "auto or WIDTHxHEIGHT"),
    "a size of seven": ({**SIZED, "size": "63x64"}, "size", "got 63"),
    "a stream": ({**SIZED, "stream": True}, "stream", "got true"),
    "a file's id": ({"prompt": "p", "images": [{"file_id": "f"}]}, "images[0]: missing key 'image_url'", "file_id"),
    "two pictures": ({"prompt": "p", "images": [{"image_url": "x"}] * 2}, "images", "got"),
    "no picture": ({"prompt": "p", "mask": "x", "n": 1}, "body: missing key 'images'", "images is required"),
    "an address": ({"prompt": "p", "images": [{"image_url": "https://a.b/c.png"}]}, "image", "a data: URI"),
    "another size": ({"prompt": "p", "image": sent(noise()), "size": "64x64"}, "size", f"auto, or {WIDTH}x{HEIGHT}"),
    "two masks": (
        {"prompt": "p", "image": "x", "mask": "x", "mask_prompt": "y", "n": 1}, "mask_prompt", "not both",
    ),
    "a key of ours": ({**SIZED, "adapter_scale": 1.0}, "body: unknown key", "adapter_scale"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_done_is_told_in_openai_s_names(server: Server, case: str) -> None:
    said, what, words = WRONG[case]
    message, param = refused(server.client.post("/invocations", json=said))
    assert (param, words in message) == (what, True), message


def test_a_form_that_cannot_be_read_is_refused(server: Server) -> None:
    kind = {"Content-Type": "multipart/form-data; boundary=Xy"}
    for body in (b"", b"--Xy\r\n", b'--Xy\r\nContent-Disposition: form-data; name="image"\r\n\r\n'):
        response = server.client.post("/invocations", content=body, headers=kind)
        assert response.status_code == 400, response.text
    response = server.client.post("/invocations", content=b"", headers={"Content-Type": "multipart/form-data"})
    assert "its Content-Type names no boundary" in response.text
    message, _ = refused(edit(server, {"prompt": "p"}, ("image", PHOTO), ("image[]", PHOTO)))
    assert "several cannot be made one" in message


def test_what_the_checker_blanked_has_openai_s_code() -> None:
    call = Invocation(content_type="application/json", accept="", body=bytearray(json.dumps(SIZED).encode()))
    error = RefusedContentError("what was painted", got="a picture", allowed="another seed")
    told = json.loads(bytes(dialect_of(call).refuse(400, "RefusedContentError", error, "r1").body))
    assert told["error"]["code"] == "content_policy_violation"
    told = json.loads(bytes(dialect_of(call).refuse(503, "BusyError", error, "r1").body))
    assert told["error"]["type"] == "server_error"


def test_a_mask_in_our_own_words_is_white_still(server: Server) -> None:
    assert server.predict(**INPAINT).images

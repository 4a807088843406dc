"""Whose a call is; and JumpStart's three model servers, and the endpoint of the fashion styling post, as their callers know them."""

import base64
import io
import json
import re
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from atelier_inference.dialects import DIALECTS, dialect_of
from atelier_inference.dialects.dialect import MOST_VALUES, Invocation
from contracts.prediction import PredictionInput
from imaging.pictures import encode
from tests.integration.inference_server import HEIGHT, INPAINT, WIDTH, Server, disc, noise, received, sent

JSON, JPEG, TEXT = "application/json", "application/json;jpeg", "application/x-text"
STEPS = {"num_inference_steps": 2}
PAINT: dict[str, Any] = {"prompt": "a cat", "width": 64, "height": 64, "seed": 3, **STEPS}


def call(
    server: Server, body: dict[str, Any] | str, *, content_type: str = JSON, accept: str = JPEG
) -> httpx2.Response:
    content = body if isinstance(body, str) else json.dumps(body)
    headers = {"Content-Type": content_type, "Accept": accept}
    return server.client.post("/invocations", content=content, headers=headers)


def answer(server: Server, body: dict[str, Any] | str, **types: str) -> dict[str, Any]:
    response = call(server, body, **types)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == JSON
    told: dict[str, Any] = response.json()
    return told


def message(server: Server, body: dict[str, Any] | str, **types: str) -> str:
    """What a refused call is told, as JumpStart's endpoints tell it."""
    response = call(server, body, **types)
    assert response.status_code == 400, response.text
    told = response.json()
    assert {key: told[key] for key in ("code", "type")} == {"code": 400, "type": "InternalServerException"}
    assert set(told) == {"code", "type", "message"}
    return str(told["message"])


def listed(image: Image.Image) -> list[Any]:
    pixels: list[Any] = np.asarray(image.convert("RGB")).tolist()
    return pixels


def outside(pixels: NDArray[Any]) -> NDArray[Any]:
    """The pixels that are farther from the mask than its soft edge is wide, which is 2 pixels here."""
    kept: NDArray[Any] = pixels[ndimage.distance_transform_edt(np.asarray(disc()) == 0) >= 2]
    return kept


def test_a_prompt_and_settings_paint_pictures_and_the_prompt_comes_back(server: Server) -> None:
    told = answer(server, {**PAINT, "num_images_per_prompt": 2, "negative_prompt": "blurry", "eta": 0, "batch_size": 4})
    assert set(told) == {"generated_images", "prompt"}
    assert told["prompt"] == "a cat"
    assert [received(each).shape for each in told["generated_images"]] == [(64, 64, 3)] * 2
    assert Image.open(io.BytesIO(base64.b64decode(told["generated_images"][0]))).format == "JPEG"


@pytest.mark.parametrize("accept", [JSON, "*/*", "application/json;verbose"])
def test_pictures_are_lists_of_pixels_unless_files_are_accepted(server: Server, accept: str) -> None:
    told = answer(server, PAINT, accept=accept)
    native = server.predict(mode="text_to_image", **{**PAINT, "guidance_scale": 7.5})
    assert np.array_equal(np.array(told["generated_images"][0]), received(native.images[0]))


def test_of_several_prompts_all_pictures_of_the_first_come_first(server: Server) -> None:
    told = answer(server, {**PAINT, "prompt": ["a cat", "a dog"], "num_images_per_prompt": 2}, accept=JSON)
    assert told["prompt"] == ["a cat", "a dog"]
    alone = [
        server.predict(mode="text_to_image", **{**PAINT, "prompt": prompt, "seed": seed, "guidance_scale": 7.5})
        for prompt, seed in (("a cat", 3), ("a cat", 4), ("a dog", 5), ("a dog", 6))
    ]
    for ours, theirs in zip(told["generated_images"], alone, strict=True):
        # In a batch the last bit of a sum may differ.
        assert np.abs(np.array(ours) - received(theirs.images[0]).astype(int)).max() <= 1


def test_a_prompt_may_come_as_plain_text(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("SIDE", 64), ("STEPS", 2)):  # its size and steps are those of JumpStart, which take long here
        monkeypatch.setattr(f"atelier_inference.dialects.jumpstart_text_to_image.{name}", value)
    told = answer(server, "ein Kätzchen", content_type=TEXT)
    assert set(told) == {"generated_image", "prompt"}
    assert told["prompt"] == "ein Kätzchen"
    assert received(told["generated_image"]).shape == (64, 64, 3)
    told = answer(server, "ein Kätzchen", content_type=TEXT, accept=JSON)
    assert np.array(told["generated_image"]).shape == (64, 64, 3)


def test_what_is_left_out_is_as_jumpstart_has_it() -> None:
    asked = dialect_of(paint := plain({"prompt": "p"})).read(paint).decoded(lambda _: None).requests[0]
    assert (asked.width, asked.height, asked.num_inference_steps, asked.guidance_scale) == (512, 512, 50, 7.5)
    assert (asked.num_outputs, asked.seed, asked.negative_prompt) == (1, None, "")
    picture = {"image": sent(noise()), "prompt": "p"}
    masked = plain({**picture, "mask_image": sent(disc())}, JPEG)
    asked = dialect_of(masked).read(masked).decoded(lambda _: None).requests[0]
    assert (asked.mode, asked.num_inference_steps, asked.guidance_scale) == ("inpaint", 50, 7.5)
    larger = plain(picture, JPEG)
    asked = dialect_of(larger).read(larger).decoded(lambda _: None).requests[0]
    assert (asked.mode, asked.num_inference_steps, asked.guidance_scale) == ("upscale", 75, 9.0)
    post = plain({"inputs": "p", "input_img": sent(noise()), "mask_img": sent(disc())})
    asked = dialect_of(post).read(post).decoded(lambda _: None).requests[0]
    assert (asked.num_inference_steps, asked.guidance_scale, asked.num_outputs) == (25, 6.5, 2)
    assert received(asked.image).shape == (512, 512, 3)


def plain(body: object, content_type: str = JSON) -> Invocation:
    return Invocation(content_type=content_type, accept=JPEG, body=bytearray(json.dumps(body).encode()))


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "unknown key": (
        {**PAINT, "steps": 4},
        "Input payload contains an invalid key steps. Valid keys are ['prompt', 'height', 'width', 'num_inference_steps', "
        "'guidance_scale', 'negative_prompt', 'num_images_per_prompt', 'eta', 'seed', 'batch_size'].",
    ),
    "a number with a point": ({**PAINT, "width": 512.0}, "width must be an integer, got 512.0."),
    "a text": ({**PAINT, "num_inference_steps": "2"}, "num_inference_steps must be an integer, got 2."),
    "true": ({**PAINT, "seed": True}, "seed must be an integer, got True."),
    "guidance as text": ({**PAINT, "guidance_scale": "7"}, "guidance_scale must be an int or float, got 7."),
    "not of eight": ({**PAINT, "height": 100}, "height must be divisible by 8, got 100."),
    "no pictures": ({**PAINT, "num_images_per_prompt": 0}, "num_images_per_prompt must be at least 1, got 0."),
    "no batch": ({**PAINT, "batch_size": 0}, "batch_size must be at least 1, got 0."),
    "a prompt of numbers": ({**PAINT, "prompt": [1]}, "prompt must be a string or a list of string. Got [1]."),
    "one negative prompt for two": (
        {**PAINT, "prompt": ["a", "b"], "negative_prompt": "c"},
        "negative_prompt must be a list of 2 strings where prompt is one. Got c.",
    ),
    "noise between steps": ({**PAINT, "eta": 0.5}, "eta must be 0 on this server, got 0.5."),
    "too small": ({**PAINT, "width": 8}, "payload.width: got 8; allowed: an integer from 64 to 2048"),
    "too many": (
        {**PAINT, "prompt": ["a", "b", "c"], "num_images_per_prompt": 3},
        "num_images_per_prompt: got '3 prompts of 3 pictures'; allowed: at most 8 pictures a call",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_jumpstart_refuses_is_refused_in_its_words(server: Server, case: str) -> None:
    body, words = WRONG[case]
    assert words in message(server, body)


def test_several_pictures_are_too_much_work_together_that_none_is_alone(server: Server) -> None:
    body = {**PAINT, "width": 2048, "height": 2048, "num_inference_steps": 400}
    asked = dialect_of(plain(body)).read(plain(body)).decoded(lambda _: None).requests[0]
    mode = server.modes["text_to_image"]
    mode.affordable(asked, lambda _: None)
    assert "at most 600 seconds" in message(server, {**body, "prompt": ["a"] * 8})


def test_an_answer_of_lists_is_bounded_before_it_is_painted(server: Server) -> None:
    body = {**PAINT, "width": 2048, "height": 1024, "num_images_per_prompt": 3, "num_inference_steps": 1}
    words = "at most 4,194,304 pixels, this one would have 6,291,456"
    assert words in message(server, body, accept=JSON)
    wide = {"prompt": "p", "image": listed(noise(600, 500)), **STEPS}
    assert "this one would have 4,800,000" in message(server, wide, accept=JSON)


@pytest.mark.parametrize("accept", ["image/png", "application/x-npy"])
def test_an_answer_that_is_no_json_is_refused(server: Server, accept: str) -> None:
    assert f"Accept: got '{accept}'" in message(server, PAINT, accept=accept)


def test_text_that_is_no_utf_8_is_refused(server: Server) -> None:
    headers = {"Content-Type": TEXT}
    response = server.client.post("/invocations", content=b"\xff\xfe", headers=headers)
    assert (response.status_code, response.json()["code"]) == (400, 400)
    assert "must be a string encoded in utf-8 format." in response.json()["message"]


@pytest.mark.parametrize("file_format", ["png", "jpeg"])
def test_white_in_mask_image_is_repainted_and_nothing_else(server: Server, file_format: str) -> None:
    mask = base64.b64encode(encode(disc().convert("RGB"), file_format)).decode()
    body = {"prompt": "a cat", "image": sent(noise()), "mask_image": mask, "seed": 1, **STEPS}
    told = answer(server, {**body, "num_images_per_prompt": 2}, content_type=JPEG)
    assert set(told) == {"generated_images"}
    assert len(told["generated_images"]) == 2
    told = answer(server, body, content_type=JPEG, accept=JSON)
    (painted,) = np.array(told["generated_images"])
    before = np.asarray(noise())
    assert painted.shape == before.shape
    assert np.array_equal(outside(painted), outside(before))
    assert not np.array_equal(painted, before)


def test_picture_and_mask_may_be_lists_of_pixels(server: Server) -> None:
    body = {"prompt": "a cat", "image": listed(noise()), "mask_image": listed(disc()), "seed": 1, **STEPS}
    (painted,) = np.array(answer(server, body, accept=JSON)["generated_images"])
    native = server.predict(**{**INPAINT, "prompt": "a cat", "seed": 1, **STEPS, "guidance_scale": 7.5})
    assert np.array_equal(painted, received(native.images[0]))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"image": None}, "Input payload must contain 'image' key."),
        ({"prompt": None}, "Input payload must contain 'prompt' key."),
        ({"width": 64}, "Input payload contains an invalid key width."),
        ({"image": [[1, 2], [3]]}, "image must be the base64"),
        ({"image": "aGVsbG8="}, "image"),
        ({"image": "%%%"}, "image must be the base64 of a picture's file."),
        ({"mask_image": sent(Image.new("L", (8, 8), 255))}, f"{WIDTH}x{HEIGHT}, the picture's own size"),
    ],
)
def test_an_inpainting_call_that_cannot_succeed_says_why(server: Server, changed: dict[str, Any], words: str) -> None:
    body = {"prompt": "p", "image": sent(noise()), "mask_image": sent(disc()), **changed}
    body = {key: value for key, value in body.items() if value is not None}
    assert words in message(server, body, content_type=JPEG)


@pytest.mark.parametrize(
    "image", [[[1, 2, 3]], [[[1, 2]]], [[[1, 2, 300]]], [[[1, 2, -1]]], [[[0.5, 1.0, 2.0]]], [[[1, 2, 3]], []], []]
)
def test_lists_that_are_no_picture_are_refused(server: Server, image: Any) -> None:
    body = {"prompt": "p", "image": image, "mask_image": listed(disc()), **STEPS}
    assert "image must be a list of rows of [red, green, blue], 0 to 255" in message(server, body)


def test_a_document_of_more_values_than_a_picture_has_is_refused_before_it_is_read(server: Server) -> None:
    body = f'{{"prompt": "p", "image": [{"0," * MOST_VALUES}0]}}'
    response = call(server, body)
    assert response.status_code == 400
    assert "at most 4,000,000: send pictures as files in base64" in response.json()["error"]["message"]


@pytest.mark.parametrize("content_type", [JSON, JPEG])
def test_a_picture_becomes_four_times_as_large(server: Server, content_type: str) -> None:
    picture = noise(16, 24)
    image = sent(picture) if content_type == JPEG else listed(picture)
    body = {"prompt": "sharp", "image": image, "noise_level": 20, "seed": 2, **STEPS}
    told = answer(server, body, content_type=content_type)
    assert (set(told), told["prompt"]) == ({"generated_images", "prompt"}, "sharp")
    assert received(told["generated_images"][0]).shape == (96, 64, 3)


def test_upscaling_wants_a_picture(server: Server) -> None:
    assert message(server, {"prompt": "p"}, content_type=JPEG) == "Input payload must contain 'image' key."


def test_the_styling_post_s_body_is_a_square_repainted_where_the_mask_is_white(server: Server) -> None:
    body = {"inputs": "a red skirt", "input_img": sent(noise()), "mask_img": sent(disc()), "image_length": 64, **STEPS}
    told = answer(server, body, accept="*/*")
    assert set(told) == {"generated_images"}
    assert [received(each).shape for each in told["generated_images"]] == [(64, 64, 3)] * 2
    square = {**body, "input_img": sent(noise(64, 64)), "mask_img": sent(disc(64, 64)), "num_images_per_prompt": 1}
    (painted,) = (received(each).astype(int) for each in answer(server, square)["generated_images"])
    kept = ndimage.distance_transform_edt(np.asarray(disc(64, 64)) == 0) >= 8
    before = received(sent(noise(64, 64), "jpeg")).astype(int)
    assert np.abs(painted[kept] - before[kept]).mean() < 4  # a JPEG loses a little


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"inputs": None}, "Input payload must contain 'inputs' key."),
        ({"seed": 1}, "Input payload contains an invalid key seed."),
        ({"image_length": 100}, "image_length must be divisible by 8 and at most 2048, got 100."),
        ({"image_length": "64"}, "image_length must be an integer, got 64."),
        ({"mask_img": 5}, "mask_img must be the base64 of a picture's file."),
        ({"input_img": "aGVsbG8="}, "input_img"),
    ],
)
def test_a_call_of_the_styling_post_that_cannot_succeed_says_why(
    server: Server, changed: dict[str, Any], words: str
) -> None:
    body = {"inputs": "p", "input_img": sent(noise()), "mask_img": sent(disc()), "image_length": 64, **changed}
    assert words in message(server, {key: value for key, value in body.items() if value is not None})


def attributed(server: Server, body: dict[str, Any], attributes: str) -> httpx2.Response:
    headers = {"X-Amzn-SageMaker-Custom-Attributes": attributes, "Accept": JPEG}
    return server.client.post("/invocations", json=body, headers=headers)


@pytest.mark.parametrize("attributes", ["adapter=skirt@1", "accept_eula=true, adapter=skirt@1;adapter_scale=1.0"])
def test_a_call_may_name_its_style_beside_its_body(server: Server, attributes: str) -> None:
    styled = attributed(server, PAINT, attributes)
    native = server.predict(
        mode="text_to_image", **{**PAINT, "guidance_scale": 7.5, "adapter": "skirt@1", "output_format": "jpeg"}
    )
    assert styled.json()["generated_images"] == native.images
    assert attributed(server, PAINT, "trace=1").json() == answer(server, PAINT)


def test_a_call_may_name_two_styles_beside_its_body(server: Server) -> None:
    mixed = {"adapter": "skirt@1", "adapter_scale": 0.5, "second_adapter": "skirt@2", "second_adapter_scale": 0.8}
    styled = attributed(server, PAINT, ";".join(f"{name}={value}" for name, value in mixed.items()))
    native = server.predict(mode="text_to_image", **{**PAINT, "guidance_scale": 7.5, **mixed, "output_format": "jpeg"})
    assert styled.json()["generated_images"] == native.images
    assert styled.json() != attributed(server, PAINT, "adapter=skirt@1;adapter_scale=0.5").json()
    alone = attributed(server, PAINT, "second_adapter=skirt@2")
    assert (alone.status_code, "allowed: adapter, and" in alone.text) == (400, True)


@pytest.mark.parametrize(
    ("body", "attributes"),
    [
        (PAINT, "adapter=a b"),
        (PAINT, "adapter=skirt@1;adapter_scale=much"),
        (PAINT, "adapter=skirt@1;adapter_scale=9"),
        (PAINT, "adapter_scale=1"),
        (PAINT, "adapter=skirt@1;second_adapter=skirt@2;second_adapter_scale=-1"),
        ({"prompt": "p", "model": "skirt@1", "size": "64x64"}, "adapter=skirt@2"),
    ],
)
def test_a_style_beside_the_body_is_one_and_the_only_one(server: Server, body: dict[str, Any], attributes: str) -> None:
    response = attributed(server, body, attributes)
    assert response.status_code == 400, response.text
    assert "CustomAttributes: got 'adapter" in response.text


def test_the_page_names_every_dialect(root: Path) -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \|", (root / "docs/dialects.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert rows == [dialect.name for dialect in DIALECTS]


FORM = "multipart/form-data; boundary=Xy"


def form(*names: str) -> str:
    parts = [f'--Xy\r\nContent-Disposition: form-data; name="{name}"\r\n\r\nx\r\n' for name in names]
    return "".join([*parts, "--Xy--\r\n"])


SPOKEN: dict[str, tuple[str, object, str]] = {
    "text": ("jumpstart-text-to-image", "a cat", TEXT),
    "a prompt": ("jumpstart-text-to-image", {"prompt": "p"}, JSON),
    "a prompt and a typo": ("jumpstart-text-to-image", {"prompt": "p", "heigth": 512}, JSON),
    "a mask_image": ("jumpstart-inpainting", {"prompt": "p", "image": "x", "mask_image": "x"}, JPEG),
    "a picture in JumpStart's type": ("jumpstart-upscaling", {"prompt": "p", "image": "x"}, JPEG),
    "no picture in that type": ("jumpstart-upscaling", {"prompt": "p"}, JPEG),
    "a picture of pixels": ("jumpstart-upscaling", {"prompt": "p", "image": [[[0, 0, 0]]]}, JSON),
    "the post": ("styling-blog", {"inputs": "p"}, JSON),
    "a task": ("nova-canvas", {"taskType": "TEXT_IMAGE"}, JSON),
    "a number of pictures": ("openai-images", {"prompt": "p", "n": 1}, JSON),
    "a model": ("openai-images", {"prompt": "p", "model": "skirt"}, JSON),
    "pictures by reference": ("openai-images", {"prompt": "p", "images": [{"image_url": "x"}]}, JSON),
    "an edit": ("openai-images", {"prompt": "p", "image": "x", "mask": "x", "size": "auto"}, JSON),
    "a form": ("openai-images", form("prompt", "image"), FORM),
    "a form with a mask": ("openai-images", form("prompt", "image", "mask", "output_format"), FORM),
    "words for what is replaced": ("stability-search-and-replace", form("prompt", "image", "search_prompt"), FORM),
    "no such words": ("stability-search-and-replace", form("prompt", "image", "grow_mask"), FORM),
    "an input": ("replicate-cog", {"input": {"mode": "text_to_image"}, "version": "skirt"}, JSON),
    "a mode": ("native", {"mode": "text_to_image", "prompt": "p"}, JSON),
    "a mode in JumpStart's type": ("native", {"mode": "upscale", "image": "x"}, JPEG),
    "a picture and words": ("native", {"prompt": "p", "image": "x", "mask_prompt": "a skirt"}, JSON),
    "the other name of words": ("native", {"prompt": "p", "search_prompt": "a skirt"}, JSON),
    "a picture in base64": ("native", {"prompt": "p", "image": "x"}, JSON),
    "a style": ("native", {"prompt": "p", "adapter": "skirt"}, JSON),
    "a picture and a mask": ("native", {"prompt": "p", "image": "x", "mask": "x"}, JSON),
    "an input and a mode": ("native", {"mode": "style", "input": {}}, JSON),
    "no object": ("native", ["prompt"], JSON),
}


@pytest.mark.parametrize("case", SPOKEN)
def test_a_call_is_of_one_dialect(case: str) -> None:
    name, body, content_type = SPOKEN[case]
    content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    asked = Invocation(content_type=content_type, accept="", body=bytearray(content), header=content_type)
    assert dialect_of(asked).name == name
    spoken = [dialect.name for dialect in DIALECTS if dialect.speaks(asked)]
    marked = [dialect.name for dialect in DIALECTS if dialect.marks & asked.keys]
    assert (marked or spoken) in ([name], []), "at most one of them"


def test_no_key_is_the_mark_of_two_dialects_or_one_of_our_own() -> None:
    marks = [mark for dialect in DIALECTS for mark in dialect.marks]
    assert sorted(set(marks)) == sorted(marks)
    assert not set(marks) & {*PredictionInput.model_fields, *PredictionInput.aliases}


def test_a_body_with_the_marks_of_two_is_refused(server: Server) -> None:
    response = server.client.post("/invocations", json={"taskType": "TEXT_IMAGE", "mask_image": "x", "prompt": "p"})
    assert response.status_code == 400
    words = "got 'the keys mask_image, taskType'; allowed: those of one API: jumpstart-inpainting or nova-canvas"
    assert words in response.json()["error"]["message"]

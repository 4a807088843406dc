"""Requests as Amazon Nova Canvas took them, before it was shut: its keys, its ranges, its black that is repainted, its errors."""

import base64
import io
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageChops

from atelier_inference.dialects import dialect_of
from atelier_inference.dialects.dialect import Asked, Dialect, Invocation
from contracts.errors import InvalidInputError
from contracts.prediction import PredictionInput
from diffusion.family import RefusedContentError
from tests.integration.inference_server import HEIGHT, INPAINT, WIDTH, Server, disc, noise, received, sent

WORDS = {"text": "a red skirt"}
SIZED = {"width": 320, "height": 336, "seed": 7}
ALL_TASKS = "TEXT_IMAGE | COLOR_GUIDED_GENERATION | IMAGE_VARIATION | INPAINTING | OUTPAINTING"


def black_disc() -> Image.Image:
    return ImageChops.invert(disc())


def body(task: str, parameters: Mapping[str, Any], **config: Any) -> dict[str, Any]:
    names = {
        "TEXT_IMAGE": "textToImageParams",
        "COLOR_GUIDED_GENERATION": "colorGuidedGenerationParams",
        "IMAGE_VARIATION": "imageVariationParams",
        "INPAINTING": "inPaintingParams",
        "OUTPAINTING": "outPaintingParams",
    }
    return {"taskType": task, names[task]: dict(parameters), **({"imageGenerationConfig": config} if config else {})}


def spoken(said: object) -> tuple[Dialect, Asked]:
    call = Invocation(content_type="application/json", accept="", body=bytearray(json.dumps(said).encode()))
    dialect = dialect_of(call)
    return dialect, dialect.read(call).decoded(lambda _: None)


def meant(said: object) -> PredictionInput:
    dialect, asked = spoken(said)
    assert dialect.name == "nova-canvas"
    (request,) = asked.requests
    return request


def answer(server: Server, said: object) -> list[Any]:
    response = server.client.post("/invocations", json=said)
    assert response.status_code == 200, response.text
    told = response.json()
    assert set(told) == {"images", "error"}
    assert told["error"] is None
    assert all(Image.open(io.BytesIO(base64.b64decode(each))).format == "PNG" for each in told["images"])
    return [received(each) for each in told["images"]]


def message(server: Server, said: object) -> str:
    response = server.client.post("/invocations", json=said)
    assert response.status_code == 400, response.text
    assert response.headers["x-amzn-ErrorType"] == "ValidationException"
    told = response.json()
    assert set(told) == {"message"}
    return str(told["message"])


def test_what_is_left_out_is_as_nova_has_it() -> None:
    request = meant(body("TEXT_IMAGE", WORDS))
    expected = {"mode": "text_to_image", "prompt": "a red skirt", "width": 1024, "height": 1024}
    assert request.model_dump(exclude_defaults=True) == {**expected, "guidance_scale": 6.5, "seed": 12}
    every = {"width": 512, "height": 768, "quality": "premium", "cfgScale": 3, "seed": 5, "numberOfImages": 5}
    request = meant(body("TEXT_IMAGE", {**WORDS, "negativeText": "blurry"}, **every))
    assert (request.width, request.height, request.guidance_scale, request.seed) == (512, 768, 3, 5)
    assert (request.num_outputs, request.num_inference_steps, request.negative_prompt) == (5, 50, "blurry")


def test_words_become_pictures(server: Server) -> None:
    first, second = answer(server, body("TEXT_IMAGE", WORDS, **SIZED, numberOfImages=2))
    assert first.shape == second.shape == (336, 320, 3)
    assert not np.array_equal(first, second)


def test_black_in_the_mask_is_repainted_and_nothing_else(server: Server) -> None:
    image = {"image": sent(noise()), "maskImage": sent(black_disc())}
    (painted,) = answer(server, body("INPAINTING", {**WORDS, **image}, seed=7))
    ours = server.predict(**{**INPAINT, "guidance_scale": 6.5, "seed": 7})
    assert np.array_equal(painted, received(ours.images[0])), "as mode inpaint with the mask turned"
    corner = (slice(0, 8), slice(0, 8))
    assert np.array_equal(painted[corner], np.asarray(noise())[corner])


@pytest.mark.parametrize("quality", [95, 100])
def test_a_mask_may_be_a_jpeg_of_high_quality(quality: int) -> None:
    buffer = io.BytesIO()
    black_disc().convert("RGB").save(buffer, "JPEG", quality=quality)
    mask = base64.b64encode(buffer.getvalue()).decode()
    request = meant(body("INPAINTING", {**WORDS, "image": sent(noise()), "maskImage": mask}))
    assert np.array_equal(received(request.mask), np.asarray(disc()))


def test_around_an_outpainting_s_black_all_is_repainted(server: Server) -> None:
    image = {"image": sent(noise()), "maskImage": sent(black_disc())}
    (painted,) = answer(server, body("OUTPAINTING", {**WORDS, **image, "outPaintingMode": "PRECISE"}, seed=7))
    before, middle = np.asarray(noise()), (HEIGHT // 2, WIDTH // 2)
    assert np.array_equal(painted[middle], before[middle])
    assert not np.array_equal(painted[:8, :8], before[:8, :8])
    request = meant(body("OUTPAINTING", {**WORDS, **image, "outPaintingMode": "PRECISE"}))
    assert (request.mask_grow, request.mask_blur) == (0, 0)
    request = meant(body("OUTPAINTING", {**WORDS, **image}))
    assert (request.mask_grow, request.mask_blur) == (None, None)


def test_words_may_be_the_mask() -> None:
    request = meant(body("INPAINTING", {**WORDS, "image": sent(noise()), "maskPrompt": "a skirt"}))
    assert (request.mode, request.mask_prompt, request.mask) == ("style", "a skirt", "")


def test_a_variation_is_as_similar_as_it_says(server: Server) -> None:
    variation = {**WORDS, "images": [sent(noise())], "similarityStrength": 0.2}
    (painted,) = answer(server, body("IMAGE_VARIATION", variation, seed=7))
    assert painted.shape == (HEIGHT, WIDTH, 3)
    strengths = [
        meant(body("IMAGE_VARIATION", {**variation, "similarityStrength": each})).strength for each in (0.2, 0.7, 1.0)
    ]
    assert strengths == [0.8, 0.3, 0.1]


def test_colours_become_words_since_models_read_no_codes() -> None:
    colours = {"colors": ["#FF8C00", "#0000a0", "#ff9000", "#FFFFFF"]}
    request = meant(body("COLOR_GUIDED_GENERATION", {**WORDS, **colours}))
    assert request.prompt == "a red skirt, in orange, navy and white"
    assert meant(body("COLOR_GUIDED_GENERATION", {**WORDS, "colors": ["#000000"]})).prompt == "a red skirt, in black"


EDIT = {**WORDS, "image": sent(noise()), "maskImage": sent(black_disc())}


def without(parameters: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in parameters.items() if name != key}


def grey() -> Image.Image:
    mask = black_disc()
    mask.putpixel((0, 0), 128)
    return mask


def clear() -> Image.Image:
    mask = black_disc().convert("RGBA")
    mask.putalpha(disc())
    return mask


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "another task": (body("TEXT_IMAGE", WORDS) | {"taskType": "VIDEO"}, f"taskType: got 'VIDEO'; allowed: {ALL_TASKS}"),
    "no background": ({"taskType": "BACKGROUND_REMOVAL", "backgroundRemovalParams": {}}, "no model here finds a background"),
    "no try-on": ({"taskType": "VIRTUAL_TRY_ON", "virtualTryOnParams": {}}, "a style is taught it once"),
    "no parameters": ({"taskType": "TEXT_IMAGE"}, "textToImageParams: got nothing; allowed: required when taskType is TEXT_IMAGE"),
    "another task's": (
        {**body("TEXT_IMAGE", WORDS), "inPaintingParams": EDIT},
        "inPaintingParams: got 'an object'; allowed: left out when taskType is TEXT_IMAGE",
    ),
    "an unknown key": (body("TEXT_IMAGE", {**WORDS, "prompt": "p"}), "textToImageParams: unknown key: got 'prompt'"),
    "an unknown setting": (body("TEXT_IMAGE", WORDS, steps=4), "imageGenerationConfig: unknown key: got 'steps'"),
    "no text": (body("TEXT_IMAGE", {"negativeText": "x"}), "textToImageParams: missing key 'text'"),
    "nothing to paint": (body("INPAINTING", without(EDIT, "text")), "inPaintingParams.text: got nothing; allowed: a prompt"),
    "long text": (body("TEXT_IMAGE", {"text": "a" * 1025}), "textToImageParams.text"),
    "a look": (body("TEXT_IMAGE", {**WORDS, "style": "PHOTOREALISM"}), "textToImageParams.style: got 'PHOTOREALISM'"),
    "a condition": (body("TEXT_IMAGE", {**WORDS, "conditionImage": "x"}), "no model here is conditioned on a picture's edges"),
    "guidance": (body("TEXT_IMAGE", WORDS, cfgScale=1), "imageGenerationConfig.cfgScale: got 1; allowed: a number from 1.1 to 10"),
    "a seed": (body("TEXT_IMAGE", WORDS, seed=2**31), "imageGenerationConfig.seed: got 2147483648"),
    "a text": (body("TEXT_IMAGE", WORDS, seed="7"), "imageGenerationConfig.seed: got '7'; allowed: an integer"),
    "six pictures": (body("TEXT_IMAGE", WORDS, numberOfImages=6), "imageGenerationConfig.numberOfImages: got 6"),
    "not of sixteen": (body("TEXT_IMAGE", WORDS, width=328), "imageGenerationConfig.width: got 328"),
    "narrow": (body("TEXT_IMAGE", WORDS, width=320, height=1296), "imageGenerationConfig.width: got '320x1296'"),
    "quality": (body("TEXT_IMAGE", WORDS, quality="best"), "imageGenerationConfig.quality: got 'best'; allowed: standard | premium"),
    "no colour": (body("COLOR_GUIDED_GENERATION", {**WORDS, "colors": []}), "colorGuidedGenerationParams.colors"),
    "colours": (body("COLOR_GUIDED_GENERATION", {**WORDS, "colors": ["red"]}), "colorGuidedGenerationParams.colors[0]: got 'red'"),
    "two masks": (body("INPAINTING", {**EDIT, "maskPrompt": "x"}), "inPaintingParams.maskImage: got 'both'; allowed: either"),
    "no mask": (body("INPAINTING", without(EDIT, "maskImage")), "inPaintingParams.maskImage: got nothing; allowed: either"),
    "a soft mask": (body("INPAINTING", {**EDIT, "maskImage": sent(grey())}), "allowed: pure black and pure white"),
    "a mask in colours": (body("INPAINTING", {**EDIT, "maskImage": sent(Image.new("RGB", (WIDTH, HEIGHT), "blue"))}), "of other colours"),
    "a clear mask": (body("INPAINTING", {**EDIT, "maskImage": sent(clear())}), "allowed: pure black and pure white"),
    "a white mask": (
        body("INPAINTING", {**EDIT, "maskImage": sent(Image.new("L", (WIDTH, HEIGHT), 255))}),
        "maskImage: got 'no black pixel'; allowed: black where the picture is repainted",
    ),
    "another mask's size": (
        body("INPAINTING", {**EDIT, "maskImage": sent(Image.new("L", (8, 8)))}),
        f"maskImage: got '8x8'; allowed: {WIDTH}x{HEIGHT}",
    ),
    "another size": (body("INPAINTING", EDIT, width=320, height=320), f"left out, or {WIDTH}x{HEIGHT} as the picture has"),
    "no picture": (body("INPAINTING", {**EDIT, "image": "%%%"}), "image: got '3 characters'; allowed: base64"),
    "no thing": (body("INPAINTING", {**without(EDIT, "maskImage"), "maskPrompt": "123"}), "maskPrompt: got '123'"),
    "around words": (body("OUTPAINTING", {**without(EDIT, "maskImage"), "maskPrompt": "x"}), "outPaintingParams.maskPrompt: got 'x'"),
    "two pictures": (body("IMAGE_VARIATION", {**WORDS, "images": [EDIT["image"]] * 2}), "imageVariationParams.images"),
    "too similar": (
        body("IMAGE_VARIATION", {**WORDS, "images": [EDIT["image"]], "similarityStrength": 1.1}),
        "imageVariationParams.similarityStrength: got 1.1; allowed: a number from 0.2 to 1",
    ),
    "its mask": (body("INPAINTING", {**EDIT, "returnMask": True}), "inPaintingParams.returnMask: got true"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_done_is_a_validation_exception(server: Server, case: str) -> None:
    said, words = WRONG[case]
    assert words in message(server, said)


def test_pictures_that_the_checker_blanked_are_told_as_nova_did() -> None:
    dialect, _ = spoken(body("TEXT_IMAGE", WORDS))
    error = RefusedContentError("what was painted", got="a picture its safety checker blanked", allowed="another seed")
    response = dialect.refuse(400, "RefusedContentError", error, "r1")
    told = json.loads(bytes(response.body))
    assert (response.status_code, told["images"]) == (200, [])
    assert told["error"] == "All of the generated images have been blocked by our content filters."


@pytest.mark.parametrize(
    ("status", "name"),
    [(400, "ValidationException"), (500, "InternalServerException"), (503, "ServiceUnavailableException")],
)
def test_an_error_has_the_name_that_bedrock_gives_it(status: int, name: str) -> None:
    dialect, _ = spoken(body("TEXT_IMAGE", WORDS))
    response = dialect.refuse(status, "E", InvalidInputError("server", got="a", allowed="b"), "r1")
    assert (response.status_code, response.headers["x-amzn-ErrorType"]) == (status, name)

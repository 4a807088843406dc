"""boto3 with the bodies that JumpStart's notebooks, the fashion styling post, and callers of Nova Canvas, OpenAI, Stability and Replicate
send to their endpoints."""

import base64
import io
import json
import uuid
from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageOps

from bench.clients.endpoint import answer
from bench.clients.jobs import Job
from bench.clients.world import ClientStage, photo

JSON, JPEG, FORM = "application/json", "application/json;jpeg", "multipart/form-data; boundary=Xy"
PAINT: Mapping[str, Any] = {"prompt": "a cat", "width": 64, "height": 64, "num_inference_steps": 2}
"""JumpStart's own 512 pixels and 50 steps take minutes on a machine without a GPU."""


def _jpeg(image: Image.Image) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG")
    return base64.b64encode(buffer.getvalue()).decode()


def _pixels(image: Image.Image) -> list[Any]:
    listed: list[Any] = np.asarray(image).tolist()
    return listed


def _mask() -> Image.Image:
    mask = Image.new("RGB", photo().size)
    middle, half = (mask.width // 2, mask.height // 2), mask.width // 5
    ImageDraw.Draw(mask).rectangle((middle[0] - half, middle[1] - half, middle[0] + half, middle[1] + half), "white")
    return mask


def _asked(
    world: ClientStage, body: Mapping[str, Any] | str | bytes, content_type: str, accept: str
) -> Mapping[str, Any]:
    """The answer to a body that lies in S3, since most of them are larger than a call may be itself."""
    bucket, key = world.outputs["MediaBucketName"], f"requests/{uuid.uuid4().hex}.body"
    content = body if isinstance(body, str | bytes) else json.dumps(body)
    data = content.encode() if isinstance(content, str) else content
    world.client("s3").put_object(Bucket=bucket, Key=key, Body=data, ContentType=content_type)
    return answer(world, content_type=content_type, Accept=accept, InputLocation=f"s3://{bucket}/{key}")


def _painted(
    world: ClientStage, *, changed: Mapping[str, Any], accept: str = JPEG, pictures: int = 1, listed: bool = False
) -> None:
    told = _asked(world, {**PAINT, **changed}, JSON, accept)
    # Lists of pixels have no metadata that could tell what they are.
    assert set(told) == {"generated_images", "prompt", *(["disclosure"] if listed else [])}, set(told)
    assert len(told["generated_images"]) == pictures
    for picture in told["generated_images"]:
        assert (np.array(picture) if listed else _opened(picture)).shape == (64, 64, 3)


def _opened(picture: str) -> np.ndarray[Any, Any]:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(picture))))


def _repainted(world: ClientStage, *, content_type: str, accept: str) -> None:
    sent = _jpeg if content_type == JPEG else _pixels
    body = {"prompt": "a red skirt", "image": sent(photo()), "mask_image": sent(_mask()), "num_inference_steps": 2}
    (picture,) = _asked(world, {**body, "seed": 1}, content_type, accept)["generated_images"]
    shape = _opened(picture).shape if accept == JPEG else np.array(picture).shape
    assert shape == (photo().height, photo().width, 3)


def _enlarged(world: ClientStage, *, content_type: str) -> None:
    small = photo().resize((48, 64))
    body = {"prompt": "sharp", "image": (_jpeg if content_type == JPEG else _pixels)(small), "num_inference_steps": 2}
    told = _asked(world, {**body, "noise_level": 20}, content_type, JPEG)
    assert told["prompt"] == "sharp"
    assert _opened(told["generated_images"][0]).shape == (256, 192, 3)


def _styled(world: ClientStage, *, changed: Mapping[str, Any], pictures: int) -> None:
    body = {"inputs": "a red skirt", "input_img": _jpeg(photo()), "mask_img": _jpeg(_mask()), "num_inference_steps": 2}
    told = _asked(world, {**body, "image_length": 64, **changed}, JSON, JSON)
    assert [_opened(each).shape for each in told["generated_images"]] == [(64, 64, 3)] * pictures


def _nova(world: ClientStage) -> None:
    edit = {"text": "a red skirt", "image": _png(photo()), "maskImage": _png(ImageOps.invert(_mask()))}
    told = _asked(world, {"taskType": "INPAINTING", "inPaintingParams": edit}, JSON, JSON)
    assert told["error"] is None
    (picture,) = told["images"]
    assert _opened(picture).shape == (photo().height, photo().width, 3)


def _nova_words(world: ClientStage) -> None:
    edit = {"text": "a red skirt", "image": _png(photo()), "maskPrompt": "a skirt"}
    assert len(_asked(world, {"taskType": "INPAINTING", "inPaintingParams": edit}, JSON, JSON)["images"]) == 1


def _openai(world: ClientStage) -> None:
    told = _asked(world, {"prompt": "a cat", "model": "base", "size": "64x64", "n": 2}, JSON, JSON)
    assert [_opened(each["b64_json"]).shape for each in told["data"]] == [(64, 64, 3)] * 2


def _openai_edit(world: ClientStage, *, form: bool) -> None:
    image, mask = _png(photo()), _png(_clear())
    if form:
        fields = {"prompt": b"a red skirt", "image": base64.b64decode(image), "mask": base64.b64decode(mask)}
        told = _asked(world, _form(fields), FORM, JSON)
    else:
        data = "data:image/png;base64,"
        pictures = {"images": [{"image_url": data + image}], "mask": {"image_url": data + mask}}
        told = _asked(world, {"prompt": "a red skirt", **pictures}, JSON, JSON)
    assert _opened(told["data"][0]["b64_json"]).shape == (photo().height, photo().width, 3)


def _stability(world: ClientStage) -> None:
    fields = {"prompt": b"a red skirt", "search_prompt": b"a skirt", "image": base64.b64decode(_png(photo()))}
    told = _asked(world, _form(fields), FORM, JSON)
    assert told["finish_reason"] == "SUCCESS"
    assert _opened(told["image"]).shape == (photo().height, photo().width, 3)


def _replicate(world: ClientStage) -> None:
    told = _asked(world, {"input": {**PAINT, "mode": "text_to_image"}}, JSON, JSON)
    assert told["status"] == "succeeded"
    assert told["output"][0].startswith("data:image/png;base64,")


def _png(image: Image.Image) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


def _clear() -> Image.Image:
    """A mask that is transparent where it is white."""
    mask = photo().convert("RGBA")
    mask.putalpha(ImageOps.invert(_mask().convert("L")))
    return mask


def _form(fields: Mapping[str, bytes]) -> bytes:
    head = 'Content-Disposition: form-data; name="{}"'
    parts = [b"--Xy\r\n" + head.format(name).encode() + b"\r\n\r\n" + body for name, body in fields.items()]
    return b"\r\n".join([*parts, b"--Xy--\r\n"])


_SETTINGS = {"guidance_scale": 7.5, "negative_prompt": "blurry", "seed": 1, "eta": 0, "batch_size": 2}

JOBS: Mapping[str, Job] = {
    "JumpStart, text to image": partial(_painted, changed={}),
    "JumpStart, text to image: as lists": partial(_painted, changed={}, accept=JSON, listed=True),
    "JumpStart, text to image: verbose": partial(_painted, changed={}, accept="application/json;verbose", listed=True),
    "JumpStart, text to image: every setting": partial(_painted, changed=_SETTINGS),
    "JumpStart, text to image: several pictures": partial(_painted, changed={"num_images_per_prompt": 3}, pictures=3),
    "JumpStart, text to image: several prompts": partial(
        _painted, changed={"prompt": ["a cat", "a dog"], "negative_prompt": ["", "grass"]}, pictures=2
    ),
    "JumpStart, text to image: no guidance": partial(_painted, changed={"guidance_scale": 1}),
    "JumpStart, inpainting: files": partial(_repainted, content_type=JPEG, accept=JPEG),
    "JumpStart, inpainting: files, lists come back": partial(_repainted, content_type=JPEG, accept=JSON),
    "JumpStart, inpainting: lists": partial(_repainted, content_type=JSON, accept=JSON),
    "JumpStart, inpainting: lists, files come back": partial(_repainted, content_type=JSON, accept=JPEG),
    "JumpStart, upscaling: files": partial(_enlarged, content_type=JPEG),
    "JumpStart, upscaling: lists": partial(_enlarged, content_type=JSON),
    "the styling post": partial(_styled, changed={}, pictures=2),
    "the styling post: one picture": partial(_styled, changed={"num_images_per_prompt": 1}, pictures=1),
    "Nova Canvas, black is repainted": _nova,
    "Nova Canvas, words are the mask": _nova_words,
    "OpenAI, generations": _openai,
    "OpenAI, edits as a form": partial(_openai_edit, form=True),
    "OpenAI, edits as JSON": partial(_openai_edit, form=False),
    "Stability, search and replace": _stability,
    "Replicate, Cog's predictions": _replicate,
}

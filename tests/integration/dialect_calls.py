"""A good call of each way to ask that the model server knows, and where its pictures lie: what fuzzing begins with."""

import base64
import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

import httpx2
import numpy as np
from starlette.testclient import TestClient

from imaging.pictures import encode
from tests.integration.inference_server import INPAINT, disc, noise, sent, smooth

JSON, JPEG = "application/json", "application/json;jpeg"
Path = tuple[str | int, ...]
"""The keys and places that lead to a value of a body."""
_SIDE = 64
_NOISE = noise(_SIDE, _SIDE)
_PHOTO, _MASK = sent(_NOISE), sent(disc(_SIDE, _SIDE))
_HOLED = noise(_SIDE, _SIDE)
_HOLED.putalpha(disc(_SIDE, _SIDE))
_ROWS = np.asarray(smooth(16, 16)).tolist()


@dataclass(frozen=True, kw_only=True)
class Call:
    """A call: ``body`` is sent as JSON, as a form of its fields, or where it is bytes as it is; ``pictures`` is where its pictures are."""

    body: Any
    content_type: str = JSON
    accept: str = JSON
    pictures: tuple[Path, ...] = ()

    @property
    def is_form(self) -> bool:
        """Whether the fields are sent as parts of a form."""
        return self.content_type.startswith("multipart/") and isinstance(self.body, dict)

    def content(self) -> bytes:
        """The bytes of the body."""
        if isinstance(self.body, bytes):
            return self.body
        return _form(self.body) if self.is_form else json.dumps(self.body, default=_in_base64).encode()

    def send(self, client: TestClient) -> httpx2.Response:
        """Ask a server."""
        headers = {"Content-Type": self.content_type, "Accept": self.accept}
        return client.post("/invocations", content=self.content(), headers=headers)

    def paths(self) -> list[Path]:
        """The paths of all values of the body, itself included; of rows of pixels none inside."""
        return [(), *_paths(self.body, ())]

    def changed(self, path: Path, value: Any) -> "Call":
        """The same call with another value at a path."""
        if not path:
            return replace(self, body=value)
        body = deepcopy(self.body)
        inner = body
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = value
        return replace(self, body=body)

    def without(self, path: Path) -> "Call":
        """The same call without what is at a path."""
        call = self.changed(path, None)
        inner = call.body
        for key in path[:-1]:
            inner = inner[key]
        del inner[path[-1]]
        return call


def _paths(value: Any, path: Path) -> Iterator[Path]:
    inner: Iterator[tuple[str | int, Any]] = iter(())
    if isinstance(value, dict):
        inner = iter(value.items())
    elif isinstance(value, list) and not (value and isinstance(value[0], list)):
        inner = iter(enumerate(value))
    for key, each in inner:
        yield (*path, key)
        yield from _paths(each, (*path, key))


def _in_base64(file: bytes) -> str:
    """What a form sends as a file."""
    return base64.b64encode(file).decode()


def _form(fields: Mapping[str, Any]) -> bytes:
    parts = []
    for name, value in fields.items():
        file = '; filename="a.png"\r\nContent-Type: image/png' if isinstance(value, bytes) else ""
        text = value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")
        shown = name.encode("utf-8", "surrogatepass").replace(b'"', b"%22")
        head = b'--sep\r\nContent-Disposition: form-data; name="' + shown + b'"' + file.encode() + b"\r\n\r\n"
        parts.append(head + text + b"\r\n")
    return b"".join(parts) + b"--sep--\r\n"


def _of_nova(task: str, name: str, **parameters: Any) -> dict[str, Any]:
    return {"taskType": task, name: {"text": "a skirt", **parameters}, "imageGenerationConfig": {"seed": 1}}


_QUICK = {"num_inference_steps": 1, "seed": 1}
_FORM = "multipart/form-data; boundary=sep"
CALLS: Mapping[str, tuple[Call, ...]] = {
    "native": (
        Call(body={**INPAINT, **_QUICK}, pictures=(("image",), ("mask",))),
        Call(
            body={**_QUICK, "mode": "style", "prompt": "p", "mask_prompt": "a skirt", "image": _PHOTO},
            pictures=(("image",),),
        ),
        Call(
            body={**_QUICK, "mode": "image_to_image", "prompt": "p", "image": _PHOTO, "strength": 1},
            pictures=(("image",),),
        ),
        Call(body={**_QUICK, "mode": "text_to_image", "prompt": "p", "adapter": "skirt@1", "adapter_scale": 0.5}),
        Call(body={"mode": "segment", "mask_prompt": "a skirt", "image": _PHOTO}, pictures=(("image",),)),
        Call(body={**_QUICK, "mode": "upscale", "image": sent(noise(24, 20))}, pictures=(("image",),)),
    ),
    "jumpstart-text-to-image": (
        Call(body={"prompt": ["a skirt", "a coat"], "width": 64, "height": 64, **_QUICK}, accept=JPEG),
    ),
    "jumpstart-inpainting": (
        Call(
            body={"prompt": "a skirt", "image": _PHOTO, "mask_image": _MASK, **_QUICK},
            content_type=JPEG,
            accept=JPEG,
            pictures=(("image",), ("mask_image",)),
        ),
        Call(body={"prompt": "a skirt", "image": _ROWS, "mask_image": np.full((16, 16, 3), 255).tolist(), **_QUICK}),
    ),
    "jumpstart-upscaling": (
        Call(
            body={"prompt": "a skirt", "image": sent(noise(24, 20)), **_QUICK},
            content_type=JPEG,
            accept=JPEG,
            pictures=(("image",),),
        ),
    ),
    "styling-blog": (
        Call(
            body={
                **{"inputs": "a skirt", "input_img": _PHOTO, "mask_img": _MASK},
                **{"num_inference_steps": 1, "image_length": 64},
            },
            pictures=(("input_img",), ("mask_img",)),
        ),
        Call(
            body={
                **{"inputs": "a skirt", "input_img": _PHOTO, "mask_img": _MASK},
                **{"num_inference_steps": 1, "image_length": 72, "num_images_per_prompt": 1},
            },
            pictures=(("input_img",), ("mask_img",)),
        ),
    ),
    "nova-canvas": (
        Call(
            body=_of_nova("INPAINTING", "inPaintingParams", image=_PHOTO, maskImage=_MASK),
            pictures=(("inPaintingParams", "image"), ("inPaintingParams", "maskImage")),
        ),
        Call(
            body=_of_nova("OUTPAINTING", "outPaintingParams", image=_PHOTO, maskImage=_MASK),
            pictures=(("outPaintingParams", "image"), ("outPaintingParams", "maskImage")),
        ),
        Call(
            body=_of_nova("INPAINTING", "inPaintingParams", image=_PHOTO, maskPrompt="a skirt"),
            pictures=(("inPaintingParams", "image"),),
        ),
        Call(
            body=_of_nova("IMAGE_VARIATION", "imageVariationParams", images=[_PHOTO], similarityStrength=0.2),
            pictures=(("imageVariationParams", "images", 0),),
        ),
    ),
    "openai-images": (
        Call(body={"prompt": "a skirt", "size": "64x64", "n": 1, "response_format": "b64_json"}),
        Call(
            body={"prompt": "a skirt", "image": _PHOTO, "mask": sent(_HOLED), "n": 1},
            pictures=(("image",), ("mask",)),
        ),
        Call(
            body={"prompt": "a skirt", "image": encode(_NOISE, "png"), "mask": encode(_HOLED, "png")},
            content_type=_FORM,
            pictures=(("image",), ("mask",)),
        ),
    ),
    "stability-search-and-replace": (
        Call(
            body={"prompt": "p", "search_prompt": "a skirt", "image": encode(_NOISE, "png"), "seed": "1"},
            content_type=_FORM,
            pictures=(("image",),),
        ),
        Call(
            body={"prompt": "p", "search_prompt": "a skirt", "image": encode(_NOISE, "png")},
            content_type=_FORM,
            accept="image/*",
            pictures=(("image",),),
        ),
    ),
    "replicate-cog": (
        Call(
            body={"input": {**INPAINT, **_QUICK}, "id": "mine"},
            pictures=(("input", "image"), ("input", "mask")),
        ),
        Call(body={"input": {"mode": "text_to_image", "prompt": "p", **_QUICK}, "version": "skirt@1"}),
    ),
}
"""By the dialect's name."""

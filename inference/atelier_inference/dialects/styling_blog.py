"""The endpoint of AWS's blog post on virtual fashion styling: pictures are squares of ``image_length``, and come back as JPEG files.

By the post's own ``inference.py`` (https://github.com/alfredcs/onlineStyling).
"""

import base64
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from PIL import Image
from starlette.responses import Response

from atelier_inference.dialects.dialect import JPEG, JSON, Asked, Dialect, Invocation, TakeRoom
from atelier_inference.dialects.jumpstart import (
    PayloadError,
    answering,
    check_keys,
    check_numbers,
    refusal,
    size_of,
)
from contracts.errors import InvalidInputError
from imaging.pictures import decode, encode

STEPS, GUIDANCE, PICTURES, LENGTH = 25, 6.5, 2, 512
LONGEST = 2_048
KEYS = (
    *("inputs", "input_img", "mask_img", "num_inference_steps", "guidance_scale", "num_images_per_prompt"),
    "image_length",
)


class StylingBlog(Dialect):
    """What is white in ``mask_img`` is repainted. A picture of another shape is squeezed into the square, as the post's endpoint does."""

    name: ClassVar[str] = "styling-blog"
    marks: ClassVar[frozenset[str]] = frozenset({"inputs", "input_img", "mask_img"})

    def read(self, call: Invocation) -> Asked:
        """See Dialect."""
        payload: Mapping[str, Any] = call.value
        check_keys(payload, known=KEYS, needed=("inputs", "input_img", "mask_img"))
        numbers = ("num_inference_steps", "num_images_per_prompt", "image_length")
        check_numbers(payload, integers=numbers, positive=numbers)
        side = payload.get("image_length", LENGTH)
        if side % 8 or side > LONGEST:
            words = f"image_length must be divisible by 8 and at most {LONGEST}, got {side}."
            raise PayloadError("image_length", words, got=side)
        asked = {
            "mode": "inpaint",
            "prompt": payload["inputs"],
            "num_inference_steps": payload.get("num_inference_steps", STEPS),
            "guidance_scale": max(0, payload.get("guidance_scale", GUIDANCE)),
            "num_outputs": payload.get("num_images_per_prompt", PICTURES),
            "output_format": "jpeg",
        }

        def pictures(take_room: TakeRoom) -> Mapping[str, str]:
            photo = _squared(payload["input_img"], "input_img", side, Image.Resampling.LANCZOS, take_room)
            mask = _squared(payload["mask_img"], "mask_img", side, Image.Resampling.NEAREST, take_room)
            return {"image": photo, "mask": mask}

        respond = answering(replace(call, accept=f"{JSON}{JPEG}"), {})
        return Asked.lacking(["image", "mask"], pictures, asked, respond=respond, where="payload")

    def refuse(self, status: int, kind: str, error: InvalidInputError, request: str) -> Response:
        """As the toolkit answers that serves the post's script."""
        return refusal(status, error)


def _squared(value: Any, where: str, side: int, how: Image.Resampling, take_room: TakeRoom) -> str:
    """A picture's file in base64, as a square of ``side`` pixels. Raises InvalidInputError."""
    if not isinstance(value, str):
        raise PayloadError(where, f"{where} must be the base64 of a picture's file.", got=value)
    size = size_of(value, where)
    if size == (side, side):
        return value
    take_room(size[0] * size[1])
    picture = decode(base64.b64decode("".join(value.split())), name=where)
    return base64.b64encode(encode(picture.resize((side, side), how), "png")).decode()

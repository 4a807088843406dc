"""What routes in OpenAI's style take and answer, as its clients send and read it."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from contracts.answers import Answer, ErrorObject
from contracts.declarations import about, bounds, text
from contracts.errors import Problem
from contracts.model import Contract, rule
from contracts.prediction import Format
from contracts.requests import Form, RequestBody

MOST_INLINE_PIXELS: Mapping[Format, int] = {"png": 1_400_000, "jpeg": 2_000_000, "webp": 2_000_000}
"""Pixels of all pictures of an answer that holds them itself: of noise, which no format makes smaller, they are 5.6 MB of base64, and a
Lambda answers 6 MB."""

_IGNORED = "taken, as OpenAI's clients send it; it changes nothing here"


class WantedPictures(Contract):
    """What both ways to ask for pictures may say."""

    prompt: Annotated[str, text("a prompt", longest=2_000), about("what to paint")]
    model: Annotated[
        str, text("base, style or style@version", longest=150), about("what to paint with; left out: the base model")
    ] = ""
    n: Annotated[int, bounds(1, 8, "pictures to paint")] = 1
    size: Annotated[
        str,
        text("auto or WIDTHxHEIGHT", longest=11, pattern=r"auto|\d{1,5}x\d{1,5}"),
        about("pixels, multiples of 8; auto: the base model's own. An edited picture keeps its size, and auto is that"),
    ] = "auto"
    output_format: Annotated[Format, about("file format of the pictures")] = "png"
    response_format: Annotated[Literal["b64_json", "url"], about("the pictures themselves, or where to read them")] = (
        "b64_json"
    )
    background: Annotated[Literal["auto", "opaque"], about("what is painted is opaque")] = "auto"
    stream: Annotated[Literal[False], about("pictures come whole")] = False
    user: Annotated[str, text("a name", longest=512), about(_IGNORED)] = ""
    safety_identifier: Annotated[str, text("a name", longest=512), about(_IGNORED)] = ""
    quality: Annotated[str, text("a word", longest=20), about(_IGNORED)] = ""

    @property
    def sides(self) -> tuple[int, int] | None:
        """Width and height, where it says them."""
        found = re.fullmatch(r"(\d+)x(\d+)", self.size)
        return (int(found[1]), int(found[2])) if found else None


class ImageRequest(WantedPictures, RequestBody):
    """``POST /v1/images/generations``."""

    moderation: Annotated[str, text("a word", longest=20), about(_IGNORED)] = ""


class ImageEditForm(WantedPictures, Form):
    """``POST /v1/images/edits``."""

    image: Annotated[bytes, about("one picture: PNG, JPEG, WebP or HEIC")]
    mask: Annotated[
        bytes, about("what is transparent in it is repainted; of the picture's size. Left out, as mask_prompt: all")
    ] = b""
    mask_prompt: Annotated[
        str,
        text("a prompt", longest=2_000),
        about("instead of mask, what to repaint: a skirt. OpenAI's clients send it as extra_body"),
    ] = ""
    input_fidelity: Annotated[str, text("a word", longest=20), about(_IGNORED)] = ""

    @rule
    def _one_mask(self) -> Iterator[Problem]:
        if self.mask and self.mask_prompt:
            yield Problem("mask_prompt", self.mask_prompt, "mask or mask_prompt, not both")


class OpenAiPicture(Answer):
    """One picture: itself, or where it is."""

    b64_json: str | None
    url: Annotated[str | None, about("presigned; it works for an hour")]
    revised_prompt: None


class OpenAiPictures(Answer):
    """What was painted."""

    created: Annotated[int, about("seconds since 1970")]
    output_format: Format
    data: list[OpenAiPicture]


class OpenAiError(Answer):
    """An error as OpenAI's clients read it."""

    error: ErrorObject

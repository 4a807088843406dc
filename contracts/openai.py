"""What routes in OpenAI's style take and answer, as its clients send and read it."""

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from contracts.answers import Answer
from contracts.declarations import about, bounds, text
from contracts.prediction import Format
from contracts.requests import RequestBody

MOST_INLINE_PIXELS: Mapping[Format, int] = {"png": 1_400_000, "jpeg": 2_000_000, "webp": 2_000_000}
"""Pixels of all pictures of an answer that holds them itself: of noise, which no format makes smaller, they are 5.6 MB of base64, and a
Lambda answers 6 MB."""

_IGNORED = "taken, as OpenAI's clients send it; it changes nothing here"


class ImageRequest(RequestBody):
    """``POST /v1/images/generations``."""

    prompt: Annotated[str, text("a prompt", longest=2_000), about("what to paint")]
    model: Annotated[
        str, text("base, style or style@version", longest=150), about("what to paint with; left out: the base model")
    ] = ""
    n: Annotated[int, bounds(1, 8, "pictures to paint")] = 1
    size: Annotated[
        str,
        text("auto or WIDTHxHEIGHT", longest=11, pattern=r"auto|\d{1,5}x\d{1,5}"),
        about("pixels, multiples of 8; auto: the base model's own"),
    ] = "auto"
    output_format: Annotated[Format, about("file format of the pictures")] = "png"
    response_format: Annotated[Literal["b64_json", "url"], about("the pictures themselves, or where to read them")] = (
        "b64_json"
    )
    user: Annotated[str, text("a name", longest=512), about(_IGNORED)] = ""
    quality: Annotated[str, text("a word", longest=20), about(_IGNORED)] = ""
    moderation: Annotated[str, text("a word", longest=20), about(_IGNORED)] = ""

    @property
    def sides(self) -> tuple[int, int] | None:
        """Width and height, where it says them."""
        found = re.fullmatch(r"(\d+)x(\d+)", self.size)
        return (int(found[1]), int(found[2])) if found else None


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


class ErrorObject(Answer):
    """What went wrong, in OpenAI's words."""

    message: str
    type: Annotated[str, about("invalid_request_error, or server_error")]
    param: Annotated[str | None, about("what of the request is wrong")]
    code: str | None


class OpenAiError(Answer):
    """An error as OpenAI's clients read it."""

    error: ErrorObject

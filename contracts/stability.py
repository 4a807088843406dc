"""What the route in Stability's style takes and answers, as its callers send and read it."""

import base64
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from contracts.answers import Answer
from contracts.declarations import about, bounds, text
from contracts.people import Consent
from contracts.prediction import Format
from contracts.requests import Form

CALLED: Mapping[str, str] = {
    **{"input.adapter": "version", "input.mask_prompt": "search_prompt", "input.mask_grow": "grow_mask"},
    "input.consent": "consent",
}
"""Stability's names of our fields."""

_Words = Annotated[str, text("a prompt", longest=2_000)]


class SearchAndReplaceForm(Form):
    """``POST /v2beta/stable-image/edit/search-and-replace``."""

    image: Annotated[bytes, about("one picture: PNG, JPEG, WebP or HEIC")]
    prompt: Annotated[_Words, about("what to paint")]
    search_prompt: Annotated[_Words, about("what is replaced, in English, or a garment in Korean")]
    negative_prompt: Annotated[_Words, about("what not to paint")] = ""
    grow_mask: Annotated[
        int | None, bounds(0, 20, "grow what is replaced; left out: by what was found", unit="pixels")
    ] = None
    seed: Annotated[int, bounds(0, 2**32 - 2, "makes the answer repeatable, but for its mark; 0: chosen at random")] = 0
    output_format: Annotated[Format, about("file format of the picture")] = "png"
    version: Annotated[
        str,
        text("style, style@version or base", longest=150),
        about("what to paint with, which Stability's own API does not know; left out: the base model"),
    ] = ""
    consent: Consent = ""

    def inputs(self) -> dict[str, Any]:
        """The prediction that is asked for, in our own words."""
        inputs = {
            "mode": "style",
            "image": base64.b64encode(self.image).decode(),
            "prompt": self.prompt,
            "mask_prompt": self.search_prompt,
            "negative_prompt": self.negative_prompt,
            "mask_grow": self.grow_mask,
            "seed": self.seed or None,
            "output_format": self.output_format,
            "consent": self.consent or None,
        }
        return {name: value for name, value in inputs.items() if value is not None}


class ReplacedPicture(Answer):
    """The picture."""

    image: Annotated[str, Field(json_schema_extra={"contentEncoding": "base64"}), about("the picture's file")]
    seed: int
    finish_reason: Literal["SUCCESS"]


class StabilityError(Answer):
    """An error as Stability's callers read it."""

    id: Annotated[str, about("the request's")]
    name: Annotated[str, about("the kind of error: unprocessable_entity, service_unavailable, …")]
    errors: Annotated[list[str], about("everything that is wrong")]

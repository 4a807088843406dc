"""What routes in OpenAI's style take and answer, as its clients send and read it."""

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import Field

from contracts.answers import Answer, ErrorObject
from contracts.declarations import about, bounds, text
from contracts.errors import InvalidInputError, Problem
from contracts.forms import read_fields
from contracts.model import Contract, rule
from contracts.multipart import FormPart
from contracts.people import Consent
from contracts.prediction import LONGEST_PICTURE, Format
from contracts.requests import Form, RequestBody

MOST_INLINE_PIXELS: Mapping[Format, int] = {"png": 1_400_000, "jpeg": 2_000_000, "webp": 2_000_000}
"""Pixels of all pictures of an answer that holds them itself: of noise, which no format makes smaller, they are 5.6 MB of base64, and a
Lambda answers 6 MB."""

CALLED: Mapping[str, str] = {
    **{"version": "model", "input.adapter": "model", "input.num_outputs": "n"},
    **{"input.width": "size", "input.height": "size"},
    "input.consent": "consent",
}
"""OpenAI's names of our fields."""

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
    consent: Consent = ""

    @property
    def sides(self) -> tuple[int, int] | None:
        """Width and height, where it says them."""
        found = re.fullmatch(r"(\d+)x(\d+)", self.size)
        return (int(found[1]), int(found[2])) if found else None

    def check_size(self, sides: tuple[int, int] | None) -> None:
        """Raises InvalidInputError where another size is wanted than that of the request's picture, which it keeps."""
        # Where the picture is turned by its metadata, it has its sides the other way round.
        if self.sides and sides and self.sides not in (sides, sides[::-1]):
            raise InvalidInputError("size", got=self.size, allowed=f"auto, or {sides[0]}x{sides[1]} as the picture has")

    def inputs(self) -> dict[str, Any]:
        """The prediction that is asked for, in our own words."""
        said = {"prompt": self.prompt, "num_outputs": self.n, "output_format": self.output_format}
        return {**said, "consent": self.consent} if self.consent else said


class ImageRequest(WantedPictures, RequestBody):
    """``POST /v1/images/generations``."""

    moderation: Annotated[str, text("a word", longest=20), about(_IGNORED)] = ""

    def inputs(self) -> dict[str, Any]:
        """See WantedPictures."""
        sides = dict(zip(("width", "height"), self.sides or (), strict=False))
        return {**super().inputs(), "mode": "text_to_image", **sides}


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

    def inputs(self) -> dict[str, Any]:
        """See WantedPictures."""
        return {**super().inputs(), **_repainted(_base64(self.image), _base64(self.mask), self.mask_prompt)}


def edit_fields(parts: Sequence[FormPart]) -> dict[str, str | bytes]:
    """What the parts of a form say that edits a picture. Raises InvalidInputError where one is no text, or there are several pictures."""
    # A picture of a list has the name of a single one here, as which OpenAI's clients may send it.
    parts = [replace(part, name="image") if part.name == "image[]" else part for part in parts]
    if (pictures := sum(part.name == "image" for part in parts)) > 1:
        raise InvalidInputError("image", got=f"{pictures} pictures", allowed="one picture: several cannot be made one")
    for part in parts:
        # Where no file is chosen, browsers send no name either. A file of nothing had been read before, and is no wish to repaint all.
        if part.name == "mask" and part.filename and not part.body:
            raise InvalidInputError(
                "mask", got="an empty file", allowed="a picture, or left out: all is repainted then"
            )
    return read_fields(parts, ImageEditForm)


class ImageReference(Contract):
    """A picture in JSON."""

    image_url: Annotated[
        str,
        text("base64 of a PNG, JPEG, WebP or HEIC file, or a data: URI", longest=LONGEST_PICTURE),
        about("the picture itself, not its address"),
    ]


class ImageEditRequest(WantedPictures, RequestBody):
    """``POST /v1/images/edits`` as JSON. ``image`` and ``mask`` may be texts: the pictures themselves."""

    images: Annotated[list[ImageReference], about("one picture, also called image")] = Field(min_length=1, max_length=1)
    mask: Annotated[
        ImageReference | None, about("what is transparent in it is repainted; left out, as mask_prompt: all")
    ] = None
    mask_prompt: Annotated[str, text("a prompt", longest=2_000), about("instead of mask, what to repaint: a skirt")] = (
        ""
    )
    input_fidelity: Annotated[str, text("a word", longest=20), about(_IGNORED)] = ""
    moderation: Annotated[str, text("a word", longest=20), about(_IGNORED)] = ""

    @classmethod
    def prepare(cls, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """Pictures as texts are read as references to them."""
        data = {**data, "mask": {"image_url": data["mask"]}} if isinstance(data.get("mask"), str) else data
        if "image" not in data or "images" in data:
            return data
        given = data["image"] if isinstance(data["image"], list) else [data["image"]]
        listed = [{"image_url": each} if isinstance(each, str) else each for each in given]
        return {**{name: value for name, value in data.items() if name != "image"}, "images": listed}

    @rule
    def _one_mask(self) -> Iterator[Problem]:
        if self.mask and self.mask_prompt:
            yield Problem("mask_prompt", self.mask_prompt, "mask or mask_prompt, not both")

    def inputs(self) -> dict[str, Any]:
        """See WantedPictures."""
        mask = self.mask.image_url if self.mask else ""
        return {**super().inputs(), **_repainted(self.images[0].image_url, mask, self.mask_prompt)}


def _repainted(image: str, mask: str, mask_prompt: str) -> dict[str, Any]:
    """The part of the input that says what of the picture is repainted."""
    if mask:
        return {"image": image, "mode": "inpaint", "mask": mask, "mask_convention": "transparent"}
    if mask_prompt:
        return {"image": image, "mode": "style", "mask_prompt": mask_prompt}
    return {"image": image, "mode": "image_to_image"}


def _base64(body: bytes) -> str:
    return base64.b64encode(body).decode()


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

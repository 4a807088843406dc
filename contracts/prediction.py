"""The native request body of the model server, and its response."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from contracts.appearance import PaintingMetrics
from contracts.conventions import MaskConvention
from contracts.declarations import about, bounds, text
from contracts.errors import Problem
from contracts.garments import unusable_words
from contracts.layout import STYLE_PATTERN
from contracts.model import Contract, rule
from contracts.modes import MODES
from contracts.people import Consent
from contracts.sampling import MOST_GUIDANCE, MOST_STEPS
from contracts.schema import Schema, demand

if TYPE_CHECKING:
    ModeName = str
else:
    ModeName = Literal[tuple(MODES)]

DEFAULT_MODE: ModeName = "style"

Format = Literal["png", "jpeg", "webp"]
MOST_PIXELS_TO_UPSCALE = 2_097_152
"""Pixels of a picture before it is made 4 times as wide and high: 2048 x 1024, a full HD frame."""
MOST_ANSWER_PIXELS = 100_000_000
"""Pixels of all pictures of an answer together. Of noise, which no format makes smaller, they are 530 MB of base64: what the model server,
the Lambda that stores them (1 GiB) and an asynchronous endpoint (1 GB) carry."""

LONGEST_PICTURE = 64 * 1024 * 1024
"""Characters of one inline picture; larger ones go through an upload."""

COLOUR_PATTERN = "#[0-9A-Fa-f]{6}"

ADAPTER_PATTERN = rf"{STYLE_PATTERN}(?:@[1-9][0-9]{{0,5}})?"

_Words = Annotated[str, text("a prompt", longest=2_000)]
_Picture = Annotated[
    str,
    text(
        "base64 of a PNG, JPEG, WebP or HEIC file, a data: URI, or the uri that POST /v1/files gave",
        longest=LONGEST_PICTURE,
    ),
    Field(json_schema_extra={"contentEncoding": "base64"}),
]
_Side = Annotated[int | None, bounds(64, 2_048, multiple_of=8, unit="pixels")]


def _mode_needs(name: str) -> Schema:
    """What JSON Schema says of the fields that a mode cannot do without."""
    is_default = name == DEFAULT_MODE
    meant = {"enum": [name, None]} if is_default else {"const": name}
    return demand(where={"mode": meant}, given=() if is_default else ("mode",), needs=MODES[name].needs)


class PredictionInput(Contract):
    """One request."""

    aliases: ClassVar[Mapping[str, str]] = {"search_prompt": "mask_prompt"}
    conditions: ClassVar[Sequence[Schema]] = [_mode_needs(name) for name in MODES]

    mode: Annotated[ModeName, about("what to do, see the table of modes")] = DEFAULT_MODE
    prompt: Annotated[_Words, about("what to paint")] = ""
    negative_prompt: Annotated[_Words, about("what not to paint")] = ""
    image: Annotated[_Picture, about("the picture to work on")] = ""
    mask: Annotated[
        _Picture,
        about("where the picture is repainted, by mask_convention; of the picture's size; grey along soft edges only"),
    ] = ""
    mask_convention: Annotated[
        MaskConvention,
        about("what of mask is repainted: its white, nothing in it being transparent, or its transparent part"),
    ] = "white"
    mask_prompt: Annotated[
        _Words,
        about("what to mask, in English, or a garment in Korean; all of several things; also called search_prompt"),
    ] = ""
    mask_grow: Annotated[
        int | None,
        bounds(-256, 256, "grow the mask, or shrink it, at the picture's size; left out: by the mask", unit="pixels"),
    ] = None
    mask_blur: Annotated[
        float | None,
        bounds(0, 256, "width of the mask's soft edge, at the picture's size; left out: by the mask", unit="pixels"),
    ] = None
    num_outputs: Annotated[
        int, bounds(1, 8, f"pictures to paint; an answer has at most {MOST_ANSWER_PIXELS:,} pixels in all")
    ] = 1
    width: Annotated[_Side, about("of the picture to paint; left out: the base model's own")] = None
    height: Annotated[_Side, about("of the picture to paint; left out: the base model's own")] = None
    num_inference_steps: Annotated[
        int | None, bounds(1, MOST_STEPS, "denoising steps; left out: the base model's own")
    ] = None
    guidance_scale: Annotated[
        float | None, bounds(0, MOST_GUIDANCE, "how closely to follow the prompt; left out: the base model's own")
    ] = None
    fast: Annotated[
        bool,
        about("sample as the base model does where speed matters more than the last of quality; see docs/serving.md"),
    ] = False
    strength: Annotated[
        float, bounds(0, 1, "how much of the picture is painted anew in mode image_to_image: 1 keeps nothing of it")
    ] = 0.8
    upscale: Annotated[bool, about("also make what was painted 4 times as wide and high")] = False
    noise_level: Annotated[
        int | None,
        bounds(0, 350, "noise on the small picture before it is upscaled, by which more is invented; left out: 20"),
    ] = None
    seed: Annotated[
        int | None, bounds(0, 2**32 - 1, "makes the answer repeatable, but for its mark; left out: chosen at random")
    ] = None
    adapter: Annotated[
        str,
        text("style or style@version", longest=47, pattern=ADAPTER_PATTERN),
        about("the style to paint in; without a version, its promoted one"),
    ] = ""
    adapter_scale: Annotated[float, bounds(0, 2, "how strongly the adapter acts")] = 1.0
    second_adapter: Annotated[
        str,
        text("style or style@version", longest=47, pattern=ADAPTER_PATTERN),
        about("another style to mix into the first one"),
    ] = ""
    second_adapter_scale: Annotated[float, bounds(0, 2, "how strongly the second adapter acts")] = 1.0
    colour: Annotated[
        str,
        text("a colour as #RRGGBB, in sRGB", longest=7, pattern=COLOUR_PATTERN),
        about(
            "the garment's colour: the one that covers most of what was painted becomes this, folds and texture stay"
        ),
    ] = ""
    output_format: Annotated[Format, about("file format of the answer's pictures")] = "png"
    return_mask: Annotated[bool, about("also answer with the mask that was used")] = False
    consent: Consent = ""

    @rule
    def _a_mode_has_what_it_needs(self) -> Iterator[Problem]:
        for name in MODES[self.mode].needs:
            if not getattr(self, name):
                yield Problem(name, None, f"required when mode is {self.mode}")

    @rule
    def _mask_words_can_be_read(self) -> Iterator[Problem]:
        if "mask_prompt" in MODES[self.mode].needs and self.mask_prompt:
            yield from unusable_words("mask_prompt", self.mask_prompt)

    @rule
    def _a_step_is_left(self) -> Iterator[Problem]:
        """The server, which knows how many steps it takes where none are given, looks again."""
        steps = self.num_inference_steps or MOST_STEPS
        if "strength" in MODES[self.mode].uses and int(steps * self.strength) < 1:
            yield Problem("strength", self.strength, f"at least 1/{steps}, so that one of {steps} steps is painted")

    @rule
    def _what_is_upscaled_is_not_too_large(self) -> Iterator[Problem]:
        pixels = (self.width or 0) * (self.height or 0)
        if self.upscale and "width" in MODES[self.mode].uses and pixels > MOST_PIXELS_TO_UPSCALE:
            allowed = f"to upscale, at most {MOST_PIXELS_TO_UPSCALE} pixels"
            yield Problem("width", f"{self.width}x{self.height} pixels", allowed)


class PredictionOutput(Contract):
    """The server's answer."""

    document: ClassVar[str] = "prediction output"

    images: Annotated[
        list[Annotated[str, Field(json_schema_extra={"contentEncoding": "base64"})]],
        Field(min_length=1, description="the pictures' files"),
    ]
    output_format: Annotated[Format, about("file format of the pictures")]
    seed: Annotated[int, about("of the first picture; the others count on from it")]
    model: Annotated[str, about("the model that painted, name@version")]
    adapter: Annotated[str, about("the adapter that was used, style@version")] = ""
    second_adapter: Annotated[str, about("the adapter that was mixed into it, style@version")] = ""
    mask: Annotated[str, Field(json_schema_extra={"contentEncoding": "base64"}), about("a PNG of the mask used")] = ""
    seconds: Annotated[Mapping[str, float], about("what each stage took", unit="seconds")] = {}
    metrics: Annotated[PaintingMetrics, about("what was measured of the mask and of what was painted")] = (
        PaintingMetrics()
    )
    disclosure: Annotated[
        str,
        about(
            "to be told to whoever is shown the pictures, in the stage's own language; empty where nothing is painted"
        ),
    ] = ""
    mark: Annotated[
        str, about("what the invisible mark in the pictures says, 12 hexadecimal digits; empty where they hold none")
    ] = ""
    notes: Annotated[list[str], about("what of the request was not used, or was used otherwise than it may seem")] = (
        Field(default_factory=list)
    )

    def to_json(self) -> dict[str, Any]:
        """The response body: every field, those that are empty too, and of the metrics those that were measured."""
        return {**self.model_dump(mode="json"), "metrics": self.metrics.to_json()}

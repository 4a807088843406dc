"""The native request body of the model server, and its response."""

from dataclasses import dataclass, field
from typing import Any

from contracts.errors import InvalidInputError
from contracts.fields import Check, boolean, integer, number, one_of, read, text
from contracts.layout import STYLE_PATTERN

MODES = ("style", "inpaint", "segment", "text_to_image")
FORMATS = ("png", "jpeg", "webp")
ALIASES = {"search_prompt": "mask_prompt"}
NEEDS = {
    "style": ("prompt", "image", "mask_prompt"),
    "inpaint": ("prompt", "image", "mask"),
    "segment": ("image", "mask_prompt"),
    "text_to_image": ("prompt",),
}
"""What each mode cannot do without."""

LONGEST_PICTURE = 64 * 1024 * 1024
"""Characters of one inline picture; larger ones go through an upload."""

_prompt = text(longest=2_000, meaning="a prompt")
_picture = text(
    longest=LONGEST_PICTURE,
    meaning="base64 of a PNG, JPEG or WebP file, a data: URI, or the uri that POST /v1/files gave",
)
ADAPTER_PATTERN = rf"{STYLE_PATTERN}(?:@[1-9][0-9]{{0,5}})?"


@dataclass(frozen=True, kw_only=True)
class PredictionInput:
    """One request. Sizes are pixels, ``seed`` makes it repeatable, masks are WHITE where the picture is repainted.

    ``mask_grow`` and ``mask_blur`` are pixels at the picture's own size; ``None`` leaves the choice to the server (in proportion to the
    mask). ``num_inference_steps`` and ``guidance_scale`` of ``None`` are the base model's own defaults. ``adapter`` is ``style``
    (its newest version) or ``style@version``.
    """

    mode: str = "style"
    prompt: str = ""
    negative_prompt: str = ""
    image: str = ""
    mask: str = ""
    mask_prompt: str = ""
    mask_grow: int | None = None
    mask_blur: float | None = None
    num_outputs: int = 1
    width: int | None = None
    height: int | None = None
    num_inference_steps: int | None = None
    guidance_scale: float | None = None
    seed: int | None = None
    adapter: str = ""
    adapter_scale: float = 1.0
    output_format: str = "png"
    return_mask: bool = False

    @classmethod
    def from_json(cls, data: object) -> "PredictionInput":
        """Read one ``input`` object. Raises InvalidInputError naming the first thing that is wrong."""
        if isinstance(data, dict):
            data = _without_aliases(data)
        values = read("input", data, CHECKS)
        request = cls(**values)
        for name in NEEDS[request.mode]:
            if not getattr(request, name):
                raise InvalidInputError(f"input.{name}", got=None, allowed=f"required when mode is {request.mode}")
        return request

    def to_json(self) -> dict[str, Any]:
        """The request as JSON values, leaving out what was not set."""
        return {k: v for k, v in self.__dict__.items() if v is not None and v != ""}


@dataclass(frozen=True, kw_only=True)
class PredictionOutput:
    """The server's answer: encoded pictures as base64, the seed used, the mask if asked for, and seconds a stage."""

    images: list[str]
    output_format: str
    seed: int
    model: str
    adapter: str = ""
    mask: str = ""
    seconds: dict[str, float] = field(default_factory=dict)

    @classmethod
    def from_json(cls, data: object) -> "PredictionOutput":
        """Read a response body. Raises InvalidInputError where it is not one."""
        if not isinstance(data, dict) or not isinstance(data.get("images"), list) or not data["images"]:
            raise InvalidInputError("prediction output", got=data, allowed="an object with a non-empty images list")
        return cls(**{key: data[key] for key in cls.__dataclass_fields__ if key in data})

    def to_json(self) -> dict[str, Any]:
        """The response body as JSON values."""
        return dict(self.__dict__)


def _without_aliases(data: dict[str, Any]) -> dict[str, Any]:
    for alias, name in ALIASES.items():
        if alias in data and name in data:
            raise InvalidInputError(
                f"input.{alias}", got=f"both {alias} and {name}", allowed=f"one of them: {alias} is an alias"
            )
    return {ALIASES.get(key, key): value for key, value in data.items()}


CHECKS: dict[str, Check] = {
    "mode": one_of(*MODES),
    "prompt": _prompt,
    "negative_prompt": _prompt,
    "image": _picture,
    "mask": _picture,
    "mask_prompt": _prompt,
    "mask_grow": integer(-256, 256),
    "mask_blur": number(0, 256),
    "num_outputs": integer(1, 8),
    "width": integer(64, 2_048, multiple_of=8),
    "height": integer(64, 2_048, multiple_of=8),
    "num_inference_steps": integer(1, 500),
    "guidance_scale": number(0, 50),
    "seed": integer(0, 2**32 - 1),
    "adapter": text(longest=47, pattern=ADAPTER_PATTERN, meaning="style or style@version"),
    "adapter_scale": number(0, 2),
    "output_format": one_of(*FORMATS),
    "return_mask": boolean(),
}

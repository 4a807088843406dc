"""Amazon Nova Canvas, which was shut on 2026-09-30: its requests as InvokeModel took them, and its answers.

What is **black** in ``maskImage`` is repainted, by OUTPAINTING what is white; a mask of other colours is refused, as by Nova.
"""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

from starlette.responses import Response

from atelier_inference.answer_stream import FinishedAnswer
from atelier_inference.dialects.dialect import Asked, Dialect, Invocation, TakeRoom, with_files
from atelier_inference.dialects.nova_request import (
    PARAMETERS,
    NovaColours,
    NovaConfig,
    NovaEdit,
    NovaOutpainting,
    NovaVariation,
    NovaWords,
    read_nova,
)
from atelier_inference.json_answer import AsciiJSONResponse
from contracts.errors import InvalidInputError
from contracts.prediction import PredictionInput
from contracts.safety.refusal import PAINTED
from imaging.colour_words import FINER, name_of
from imaging.pictures import encode, measure, read_picture

SIDE = 1_024
"""Pixels; of a picture whose size is not said."""
STEPS = {"standard": None, "premium": 50}
"""Nova does not say how many it takes; None: the base model's own."""
LEAST_STRENGTH = 0.1
"""Of a variation that is as similar as can be: with none, nothing would be painted."""
PURE = 8
"""Levels from black and from white that are as good as these: a JPEG of quality 95 is up to 7 off, one of 100, as Nova wants it, 1."""
_CALLED = {
    **{"input.prompt": "text", "input.negative_prompt": "negativeText", "input.mask": "maskImage"},
    **{"input.mask_prompt": "maskPrompt", "input.num_outputs": "numberOfImages", "input.guidance_scale": "cfgScale"},
    **{"input.strength": "similarityStrength", "input.num_inference_steps": "quality"},
}
_ERRORS = {429: "ThrottlingException", 500: "InternalServerException", 503: "ServiceUnavailableException"}
_ALL_BLOCKED = "All of the generated images have been blocked by our content filters."


class NovaCanvas(Dialect):
    """``imageGenerationConfig.width`` and ``height`` are of new pictures; an edited one keeps its size."""

    name: ClassVar[str] = "nova-canvas"
    marks: ClassVar[frozenset[str]] = frozenset({"taskType"})

    def read(self, call: Invocation) -> Asked:
        """See Dialect."""
        asked = read_nova(call.value)
        config, words = asked.imageGenerationConfig, getattr(asked, PARAMETERS[asked.taskType])
        inputs = {
            "guidance_scale": config.cfgScale,
            "seed": config.seed,
            "num_outputs": config.numberOfImages,
            "num_inference_steps": STEPS[config.quality],
            **_TRANSLATED[asked.taskType](words, config),
        }
        inputs = {name: value for name, value in inputs.items() if value is not None}
        if not isinstance(words, NovaEdit) or not words.maskImage:
            return Asked(requests=[PredictionInput.from_json(inputs)], respond=_respond)
        mask = partial(_mask, words, repainted=_REPAINTED[asked.taskType])
        return Asked.lacking(["mask"], lambda take_room: {"mask": mask(take_room)}, inputs, respond=_respond)

    def refuse(self, status: int, kind: str, error: InvalidInputError, request: str) -> Response:
        """As Bedrock answers; what was painted and may not leave is no exception there."""
        if kind in PAINTED:
            return AsciiJSONResponse({"images": [], "error": _ALL_BLOCKED})
        exception = {"x-amzn-ErrorType": _ERRORS.get(status, "ValidationException")}
        return AsciiJSONResponse({"message": str(error.in_names(_CALLED))}, status_code=status, headers=exception)


def _respond(answers: Sequence[FinishedAnswer]) -> Response:
    return with_files(b'{"images":["', answers[0].pictures, b'","', b'"],"error":null}')


def _painted(words: NovaWords, prompt: str, config: NovaConfig) -> dict[str, Any]:
    sides = {"width": config.width or SIDE, "height": config.height or SIDE}
    return {"mode": "text_to_image", "prompt": prompt, "negative_prompt": words.negativeText, **sides}


def _from_words(words: NovaWords, config: NovaConfig) -> dict[str, Any]:
    return _painted(words, words.text, config)


def _from_colours(words: NovaColours, config: NovaConfig) -> dict[str, Any]:
    """A model reads no codes of colours, but their names."""
    *others, last = dict.fromkeys(name_of(each, FINER) for each in words.colors)
    listed = f"{', '.join(others)} and {last}" if others else last
    return _painted(words, f"{words.text}, in {listed}", config)


def _varied(words: NovaVariation, config: NovaConfig) -> dict[str, Any]:
    _check_size(config, words.images[0])
    strength = max(LEAST_STRENGTH, round(1 - words.similarityStrength, 6))
    return {**_edited(words, words.images[0]), "mode": "image_to_image", "strength": strength}


def _inpainted(words: NovaEdit, config: NovaConfig) -> dict[str, Any]:
    _check_size(config, words.image)
    if words.maskPrompt:
        return {**_edited(words, words.image), "mode": "style", "mask_prompt": words.maskPrompt}
    return {**_edited(words, words.image), "mode": "inpaint"}


def _outpainted(words: NovaOutpainting, config: NovaConfig) -> dict[str, Any]:
    if words.maskPrompt:
        allowed = "maskImage: what words find is repainted here, and never what lies around it"
        raise InvalidInputError("outPaintingParams.maskPrompt", got=words.maskPrompt, allowed=allowed)
    _check_size(config, words.image)
    exact = {"mask_grow": 0, "mask_blur": 0} if words.outPaintingMode == "PRECISE" else {}
    return {**_edited(words, words.image), "mode": "inpaint", **exact}


_TRANSLATED: Mapping[str, Callable[[Any, NovaConfig], dict[str, Any]]] = {
    "TEXT_IMAGE": _from_words,
    "COLOR_GUIDED_GENERATION": _from_colours,
    "IMAGE_VARIATION": _varied,
    "INPAINTING": _inpainted,
    "OUTPAINTING": _outpainted,
}
_REPAINTED: Mapping[str, int] = {"INPAINTING": 0, "OUTPAINTING": 255}
"""The level of what a task repaints in its ``maskImage``."""


def _edited(words: NovaVariation | NovaEdit, image: str) -> dict[str, Any]:
    return {"prompt": words.text, "negative_prompt": words.negativeText, "image": image}


def _file(picture: str, where: str) -> bytes:
    try:
        return base64.b64decode("".join(picture.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        got = f"{len(picture)} characters"
        raise InvalidInputError(where, got=got, allowed="base64 of a PNG or JPEG file") from error


def _check_size(config: NovaConfig, image: str) -> None:
    """Raises InvalidInputError where another size than the picture's is wanted, since it keeps its own."""
    sides = measure(_file(image, "image"), name="image")
    wanted = (config.width or sides[0], config.height or sides[1])
    # Where the picture is turned by its metadata, it has its sides the other way round.
    if (config.width or config.height) and wanted not in (sides, sides[::-1]):
        allowed = f"left out, or {sides[0]}x{sides[1]} as the picture has, which keeps its size"
        raise InvalidInputError("imageGenerationConfig.width", got=f"{wanted[0]}x{wanted[1]}", allowed=allowed)


def _mask(words: NovaEdit, take_room: TakeRoom, *, repainted: int) -> str:
    """Nova's mask as ours, of which the white is repainted: ``repainted`` is the level of that in Nova's. Raises InvalidInputError."""
    sides = measure(_file(words.image, "image"), name="image")
    file = _file(words.maskImage, "maskImage")
    width, height = measure(file, name="maskImage")
    if (width, height) not in (sides, sides[::-1]):
        allowed = f"{sides[0]}x{sides[1]}, the picture's own size"
        raise InvalidInputError("maskImage", got=f"{width}x{height}", allowed=allowed)
    take_room(width * height)
    picture = read_picture(file, name="maskImage")
    levels = picture.image.convert("L")
    counts = levels.histogram()
    if picture.cutout is not None or any(counts[PURE + 1 : 255 - PURE]):
        allowed = "pure black and pure white, nothing between them and nothing transparent"
        raise InvalidInputError("maskImage", got="a picture of other colours", allowed=allowed)
    if not any(counts[128:] if repainted else counts[:128]):
        colour = "white" if repainted else "black"
        allowed = f"{colour} where the picture is repainted"
        raise InvalidInputError("maskImage", got=f"no {colour} pixel", allowed=allowed)
    white = [0] * 128 + [255] * 128
    return base64.b64encode(encode(levels.point(white if repainted else white[::-1]), "png")).decode()

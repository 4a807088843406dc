"""JumpStart's text to image: a prompt as plain text, or an object with one prompt or several."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from atelier_inference.dialects.dialect import JPEG, Asked, Invocation
from atelier_inference.dialects.jumpstart import (
    JumpStart,
    PayloadError,
    answering,
    check_accept,
    check_keys,
    check_listed,
    check_numbers,
    picture_format,
    sampling,
)
from contracts.errors import InvalidInputError
from contracts.prediction import PredictionInput

TEXT = "application/x-text"
SIDE = 512
"""Pixels; of a picture whose size is not said."""
STEPS, GUIDANCE = 50, 7.5
MOST_PICTURES = 8
KEYS = (
    *("prompt", "height", "width", "num_inference_steps", "guidance_scale", "negative_prompt", "num_images_per_prompt"),
    *("eta", "seed", "batch_size"),
)
_INTEGERS = ("height", "width", "num_inference_steps", "num_images_per_prompt", "seed", "batch_size")
_POSITIVE = ("num_inference_steps", "num_images_per_prompt", "batch_size")
_OURS = {*PredictionInput.model_fields, *PredictionInput.aliases} - {*KEYS}


class JumpStartTextToImage(JumpStart):
    """All copies of the first prompt come first. ``batch_size`` changes nothing: the server makes its batches itself."""

    name: ClassVar[str] = "jumpstart-text-to-image"

    def speaks(self, call: Invocation) -> bool:
        """Plain text; or a prompt without a mode, a picture, or anything else that requests of ours alone have."""
        if call.content_type.partition(";")[0] == TEXT:
            return True
        pictured = call.content_type.endswith(JPEG) or call.keys & {*_OURS, "image"}
        return "prompt" in call.keys and not pictured

    def read(self, call: Invocation) -> Asked:
        """See Dialect."""
        check_accept(call)
        if not call.is_json:
            prompt = _text(bytes(call.body))
            respond = answering(call, {"prompt": prompt}, one=True)
            return Asked(requests=[_request({}, prompt, "", call, 0)], respond=respond)
        payload: Mapping[str, Any] = call.value
        _check(payload)
        copies = payload.get("num_images_per_prompt", 1)
        requests = [
            _request(payload, prompt, negative, call, number * copies)
            for number, (prompt, negative) in enumerate(_prompts(payload))
        ]
        if (pictures := len(requests) * copies) > MOST_PICTURES:
            got = f"{len(requests)} prompts of {copies} pictures"
            raise InvalidInputError(
                "num_images_per_prompt", got=got, allowed=f"at most {MOST_PICTURES} pictures a call"
            )
        check_listed(call, (payload.get("width", SIDE), payload.get("height", SIDE)), pictures)
        return Asked(requests=requests, respond=answering(call, {"prompt": payload["prompt"]}))


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        words = f"Failed to parse input payload. For content_type={TEXT}, input payload must be a string encoded in utf-8 format."
        raise PayloadError("body", words) from error


def _check(payload: Mapping[str, Any]) -> None:
    check_keys(payload, known=KEYS, needed=("prompt",))
    check_numbers(payload, integers=_INTEGERS, positive=_POSITIVE)
    for side in ("height", "width"):
        if payload.get(side, SIDE) % 8:
            raise PayloadError(side, f"{side} must be divisible by 8, got {payload[side]}.", got=payload[side])


def _prompts(payload: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each prompt with its negative one. Raises PayloadError."""
    prompt, negative = payload["prompt"], payload.get("negative_prompt")
    if isinstance(prompt, str):
        if not isinstance(negative, str | None):
            words = f"negative_prompt must be a string where prompt is one. Got {negative}."
            raise PayloadError("negative_prompt", words, got=negative)
        yield prompt, negative or ""
        return
    if not isinstance(prompt, list) or not prompt or not all(isinstance(each, str) for each in prompt):
        raise PayloadError("prompt", f"prompt must be a string or a list of string. Got {prompt}.", got=prompt)
    negatives = [""] * len(prompt) if negative is None else negative
    fitting = isinstance(negatives, list) and len(negatives) == len(prompt)
    if not fitting or not all(isinstance(each, str) for each in negatives):
        words = f"negative_prompt must be a list of {len(prompt)} strings where prompt is one. Got {negative}."
        raise PayloadError("negative_prompt", words, got=negative)
    yield from zip(prompt, negatives, strict=True)


def _request(payload: Mapping[str, Any], prompt: str, negative: str, call: Invocation, before: int) -> PredictionInput:
    """A request of ours; its seeds go on after those of the ``before`` pictures in front of it."""
    settings = sampling(payload, steps=STEPS, guidance=GUIDANCE)
    if "seed" in settings:
        settings["seed"] = (settings["seed"] + before) % 2**32 if 0 <= settings["seed"] < 2**32 else settings["seed"]
    asked = {
        "mode": "text_to_image",
        "prompt": prompt,
        "negative_prompt": negative,
        "width": payload.get("width", SIDE),
        "height": payload.get("height", SIDE),
        "num_outputs": payload.get("num_images_per_prompt", 1),
        "output_format": picture_format(call),
        **settings,
    }
    return PredictionInput.from_json(asked, where="payload")

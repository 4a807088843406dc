"""How much work a request is for a stage's slowest serving machine, and how much may be asked for at once.

Denoising is nearly all of it. What is counted are the pixels that steps denoise; a machine's pace makes seconds of them.
"""

import math
from collections.abc import Iterator
from typing import Annotated, ClassVar

from contracts.declarations import about, bounds
from contracts.errors import InvalidInputError
from contracts.model import Contract
from contracts.modes import MODES
from contracts.prediction import MOST_ANSWER_PIXELS, PredictionInput
from contracts.sampling import guided_steps

MOST_SECONDS = 600
"""Two thirds of the 900 seconds that SageMaker gives a request here: paces are estimates, and another batch may be under way."""

REAL_TIME_SECONDS = 40
"""The same of the 60 seconds that a container of a real-time endpoint has."""

REAL_TIME_PIXELS = 6_000_000
"""The most pixels of an answer of a real-time endpoint, which has at most 25 MB: as noise, which no format makes smaller, they are 18 MB,
and 24 MB of base64."""

OVERLAP = 1 / 4
"""The least overlap of two neighbouring tiles of a picture that is upscaled, over a tile's side."""

FASTEST = 10**12
"""A pace that refuses nothing."""

_FLAT, _CURVED, _SIDE = 0.85, 0.15, 512
"""Every pixel of a picture attends to every other, so large pictures cost more than their pixels. These figures are those of Stable
Diffusion's UNet, whose operations were counted at 512, 1024 and 2048 pixels a side; SDXL's cost grows less."""

_Size = tuple[int, int]


class Pace(Contract):
    """What a stage's slowest serving machine denoises in a second, and what its models do where a request says nothing."""

    document: ClassVar[str] = "pace"

    pixels: Annotated[
        int, bounds(1, FASTEST, "pixels of pictures of 512 x 512 that are denoised by a guided step in a second")
    ]
    tile_pixels: Annotated[
        int, bounds(1, FASTEST, "pixels of tiles, before they are enlarged, by an unguided step in a second")
    ]
    resolution: Annotated[int, about("side that the base model paints at", unit="pixels")]
    steps: Annotated[int, about("its own number of steps")]
    guidance_until: Annotated[float, about("share of the steps that it guides")] = 1.0
    fast_steps: Annotated[int, about("its number of steps where a request says fast; 0: it has no such setting")] = 0
    fast_guidance_until: Annotated[float, about("share of those that it guides")] = 1.0
    tile: Annotated[int, about("side of the upscaler's tiles; 0 without an upscaler", unit="pixels")] = 0
    tile_steps: Annotated[int, about("the upscaler's own number of steps")] = 0
    real_time: Annotated[bool, about("whether the endpoint answers at once, which bounds time and answers")] = False

    @property
    def most_seconds(self) -> int:
        """Seconds of work that a request may be."""
        return REAL_TIME_SECONDS if self.real_time else MOST_SECONDS

    @property
    def most_answer_pixels(self) -> int:
        """Pixels that an answer's pictures may have together."""
        return REAL_TIME_PIXELS if self.real_time else MOST_ANSWER_PIXELS


def check_fast(inputs: PredictionInput, pace: Pace) -> None:
    """Raise InvalidInputError for a request that says fast where no base model has a setting for it."""
    if inputs.fast and "fast" in MODES[inputs.mode].uses and not pace.fast_steps:
        raise InvalidInputError("input.fast", got=True, allowed="false: the base model has no setting for it")


def check_work(inputs: PredictionInput, pace: Pace, picture: _Size | None) -> None:
    """Raise InvalidInputError as ``check_fast``, or for what takes the machine more seconds than it may, saying what to lower.

    ``picture`` is the width and height of the request's picture, where it has one and they are known.
    """
    check_fast(inputs, pace)
    seconds = work(inputs, pace, picture)
    if seconds > pace.most_seconds:
        got = f"about {seconds:,.0f} seconds of work for a machine of this stage"
        allowed = f"at most {pace.most_seconds} seconds: {' or '.join(_lowerable(inputs))}"
        raise InvalidInputError("input.num_inference_steps", got=got, allowed=allowed)


def work(inputs: PredictionInput, pace: Pace, picture: _Size | None = None) -> float:
    """About how many seconds the machine denoises for a request. ``picture`` is as in ``check_work``.

    A repainted photo that is upscaled counts as if all of it had changed.
    """
    fields = MODES[inputs.mode]
    if "num_inference_steps" not in fields.uses:
        return 0.0
    side = pace.resolution
    if inputs.mode == "upscale":
        steps = inputs.num_inference_steps or pace.tile_steps
        guided = 2 if inputs.prompt or inputs.negative_prompt else 1
        return inputs.num_outputs * guided * _enlarging(picture or (1, 1), steps, pace)
    size = (inputs.width or side, inputs.height or side) if "width" in fields.uses else (side, side)
    seconds = inputs.num_outputs * _painting(size, _guided_steps(inputs, pace), pace)
    if inputs.upscale:
        pictures = inputs.num_outputs + ("mask_grow" in fields.uses)
        enlarged = (picture or (1, 1)) if "image" in fields.needs else size
        seconds += pictures * _enlarging(enlarged, pace.tile_steps, pace)
    return seconds


def tiles_along(length: int, side: int) -> int:
    """How many tiles of ``side`` pixels cover ``length`` pixels with the least overlap."""
    return 1 if length <= side else math.ceil((length - side) / (side * (1 - OVERLAP))) + 1


def _guided_steps(inputs: PredictionInput, pace: Pace) -> float:
    """How many guided steps a picture is as much work as: a step that is not guided is half of one that is."""
    fast = inputs.fast and pace.fast_steps
    steps = inputs.num_inference_steps or (pace.fast_steps if fast else pace.steps)
    if "strength" in MODES[inputs.mode].uses:
        steps = int(steps * inputs.strength)
    unguided = inputs.guidance_scale is not None and inputs.guidance_scale <= 1
    guided = 0 if unguided else guided_steps(steps, pace.fast_guidance_until if fast else pace.guidance_until)
    return (steps + guided) / 2


def _painting(size: _Size, steps: float, pace: Pace) -> float:
    """Seconds for a picture."""
    pixels = size[0] * size[1]
    return steps * pixels * (_FLAT + _CURVED * pixels / _SIDE**2) / pace.pixels


def _enlarging(size: _Size, steps: int, pace: Pace) -> float:
    """Seconds, unguided, for a picture that is upscaled; without an upscaler none: the request is refused for that."""
    tiles = math.prod(tiles_along(length, pace.tile) for length in size) if pace.tile else 0
    return steps * tiles * pace.tile**2 / pace.tile_pixels


def _lowerable(inputs: PredictionInput) -> Iterator[str]:
    """The words that say how a request becomes less work."""
    yield "lower num_inference_steps"
    if inputs.num_outputs > 1:
        yield "num_outputs"
    if "width" in MODES[inputs.mode].uses:
        yield "width and height"
    if inputs.mode == "upscale":
        yield "upscale a smaller picture"
    if inputs.upscale:
        yield "leave upscale out"

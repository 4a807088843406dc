"""What a request costs a machine, and what is refused for it."""

from typing import Any

import numpy as np
import pytest
from PIL import Image

from contracts.answer_size import check_answer
from contracts.errors import InvalidInputError
from contracts.modes import MODES
from contracts.prediction import PredictionInput
from contracts.sampling import guided_steps
from contracts.work import MOST_SECONDS, Pace, check_work, tiles_along, work
from imaging.tiling import cut
from infra.config import STAGES

PACE = Pace(pixels=1_000_000, tile_pixels=100_000, resolution=512, steps=25, tile=128, tile_steps=20)
PAINTED = 512**2 / 1e6
"""Seconds a step of a picture."""
TILE = 128**2 / 1e5
FIELDS: dict[str, Any] = {"prompt": "a skirt", "image": "aa", "mask": "aa", "mask_prompt": "a skirt"}


def request(mode: str, **fields: Any) -> PredictionInput:
    needs = {name: FIELDS[name] for name in MODES[mode].needs}
    return PredictionInput.from_json({"mode": mode, **needs, **fields})


@pytest.mark.parametrize(
    ("fields", "picture", "seconds"),
    [
        ({"mode": "text_to_image"}, None, 25 * PAINTED),
        ({"mode": "text_to_image", "num_inference_steps": 50, "num_outputs": 4}, None, 200 * PAINTED),
        ({"mode": "text_to_image", "width": 256, "height": 256}, None, 25 * PAINTED / 4 * (0.85 + 0.15 / 4)),
        ({"mode": "text_to_image", "width": 2048, "height": 2048}, None, 25 * PAINTED * 16 * (0.85 + 0.15 * 16)),
        # Photos are painted at the model's own size, however large they are.
        ({"mode": "inpaint", "num_outputs": 2}, (8000, 8000), 50 * PAINTED),
        ({"mode": "style", "width": 2048, "height": 2048}, (8000, 8000), 25 * PAINTED),
        ({"mode": "image_to_image", "strength": 0.5}, (8000, 8000), 12 * PAINTED),
        ({"mode": "segment", "num_inference_steps": 500}, (8000, 8000), 0),
        ({"mode": "upscale"}, (100, 100), 20 * TILE),
        (
            {"mode": "upscale", "num_inference_steps": 5, "num_outputs": 2, "prompt": "p"},
            (129, 300),
            2 * 5 * 2 * 6 * TILE,
        ),
        ({"mode": "text_to_image", "upscale": True}, None, 25 * PAINTED + 20 * 25 * TILE),
        # The photo is upscaled too, and what was painted may be all of it.
        ({"mode": "inpaint", "upscale": True, "num_outputs": 2}, (128, 128), 50 * PAINTED + 3 * 20 * TILE),
        ({"mode": "image_to_image", "upscale": True, "strength": 1.0}, (128, 128), 25 * PAINTED + 20 * TILE),
    ],
)
def test_work_is_what_the_mode_denoises(
    fields: dict[str, Any], picture: tuple[int, int] | None, seconds: float
) -> None:
    assert work(request(**fields), PACE, picture) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("fields", "steps"),
    [
        ({}, (25 + 10) / 2),
        ({"num_inference_steps": 12}, (12 + 5) / 2),
        ({"guidance_scale": 1}, 25 / 2),
        ({"guidance_scale": 3.0}, (25 + 10) / 2),
        ({"fast": True}, (8 + 2) / 2),
        ({"fast": True, "num_inference_steps": 50}, (50 + 13) / 2),
    ],
)
def test_a_step_without_guidance_is_half_the_work(fields: dict[str, Any], steps: float) -> None:
    pace = Pace(**{**PACE.to_json(), "guidance_until": 0.4, "fast_steps": 8, "fast_guidance_until": 0.25})
    assert work(request("inpaint", **fields), pace) == pytest.approx(steps * PAINTED)


def test_fast_is_refused_where_no_base_model_has_a_setting_for_it() -> None:
    check_work(request("segment", fast=True), PACE, None)
    with pytest.raises(InvalidInputError, match=r"input\.fast: got true; allowed: false"):
        check_work(request("style", fast=True), PACE, None)


@pytest.mark.parametrize(
    ("steps", "until", "guided"), [(10, 0.4, 4), (5, 0.4, 2), (1, 0.4, 1), (8, 0, 0), (20, 1, 20), (50, 0.14, 7)]
)
def test_a_begun_step_is_guided(steps: int, until: float, guided: int) -> None:
    assert guided_steps(steps, until) == guided


@pytest.mark.parametrize(
    ("fields", "picture", "fitting"),
    [
        ({"mode": "inpaint", "num_outputs": 8}, (4032, 3024), 8),
        ({"mode": "inpaint", "num_outputs": 8}, (8000, 8000), 1),
        ({"mode": "image_to_image", "num_outputs": 3}, (7000, 7000), 2),
        ({"mode": "style", "num_outputs": 3, "upscale": True}, (2048, 1024), 2),
        ({"mode": "text_to_image", "num_outputs": 8, "upscale": True, "width": 1024, "height": 1024}, None, 5),
        ({"mode": "text_to_image", "num_outputs": 8, "width": 2048, "height": 2048}, None, 8),
        ({"mode": "upscale", "num_outputs": 8}, (2048, 1024), 2),
        ({"mode": "segment", "num_outputs": 8}, (8000, 8000), 8),
        ({"mode": "inpaint", "num_outputs": 8}, None, 8),
    ],
)
def test_the_pictures_of_an_answer_have_a_hundred_megapixels_together(
    fields: dict[str, Any], picture: tuple[int, int] | None, fitting: int
) -> None:
    check_answer(request(**{**fields, "num_outputs": fitting}), 512, picture)
    if fitting < fields["num_outputs"]:
        with pytest.raises(
            InvalidInputError, match=rf"input\.num_outputs: .*at most {fitting} of so many.*100,000,000"
        ):
            check_answer(request(**{**fields, "num_outputs": fitting + 1}), 512, picture)


@pytest.mark.parametrize("size", [(1, 1), (128, 129), (300, 224), (511, 1000)])
def test_as_many_tiles_are_counted_as_are_cut(size: tuple[int, int]) -> None:
    tiles = cut(Image.fromarray(np.zeros((size[1], size[0], 3), dtype=np.uint8)), 128)
    assert len(tiles) == tiles_along(size[0], 128) * tiles_along(size[1], 128)


def test_what_takes_too_long_is_refused_with_what_to_lower() -> None:
    most = int(MOST_SECONDS / PAINTED / 8)
    check_work(request("text_to_image", num_outputs=8, num_inference_steps=most), PACE, None)
    refusal = r"about 602 seconds of work.*at most 600 seconds: lower num_inference_steps or num_outputs or width"
    with pytest.raises(InvalidInputError, match=refusal):
        check_work(request("text_to_image", num_outputs=8, num_inference_steps=most + 1), PACE, None)
    with pytest.raises(InvalidInputError, match="lower num_inference_steps or upscale a smaller picture"):
        check_work(request("upscale"), PACE, (2000, 1000))
    with pytest.raises(InvalidInputError, match="lower num_inference_steps or leave upscale out"):
        check_work(request("inpaint", upscale=True), PACE, (2000, 1000))


@pytest.mark.parametrize("stage", STAGES.values(), ids=STAGES)
def test_every_stage_takes_eight_pictures_by_its_own_defaults_and_refuses_the_largest_request(stage: Any) -> None:
    check_work(request("inpaint", num_outputs=8), stage.pace, (8000, 8000))
    check_work(request("text_to_image", upscale=True), stage.pace, None)
    with pytest.raises(InvalidInputError):
        check_work(
            request("text_to_image", num_outputs=8, num_inference_steps=500, width=2048, height=2048), stage.pace, None
        )
    for region in stage.serving.elsewhere:
        check_work(request("inpaint", num_outputs=8), stage.placed(stage.placement.__class__(region=region)).pace, None)

"""Samplers by name, and guidance that ends before the last step: in every family, for both tasks."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import diffusers
import pytest
import torch
from diffusers.callbacks import SDCFGCutoffCallback
from PIL import Image
from torch import Tensor

from contracts.sampling import Sampling, SchedulerName
from diffusion.denoiser import DenoiserCall
from diffusion.family import find_family
from diffusion.painter import Painter
from diffusion.schedulers import SCHEDULERS
from tests.unit.miniatures import save_miniature
from tests.unit.test_diffusion_painting import PAINTERS, SIZE, TASKS, apart, half, photo

torch.set_num_threads(1)
STEPS = 5
SAMPLING = Sampling(steps=STEPS, guidance=4.0)
Paint = Callable[[Painter, Sampling], list[Image.Image]]


def from_words(painter: Painter, sampling: Sampling) -> list[Image.Image]:
    return painter.paint(prompts=["a", "b"], seeds=[7, 8], size=SIZE, sampling=sampling, negative_prompts=["n", ""])


def inside(painter: Painter, sampling: Sampling) -> list[Image.Image]:
    pictures, masks = [photo(), photo(2)], [half(), half()]
    return painter.inpaint(prompts=["a", "b"], seeds=[7, 8], pictures=pictures, masks=masks, sampling=sampling)


def from_pictures(painter: Painter, sampling: Sampling) -> list[Image.Image]:
    pictures = [photo(), photo(2)]
    return painter.paint_from(prompts=["a", "b"], seeds=[7, 8], pictures=pictures, sampling=sampling, strength=0.8)


@pytest.fixture(scope="module", params=[(family, task) for family, _ in PAINTERS for task in TASKS], ids="-".join)
def painter(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Painter:
    family, task = request.param
    folder = tmp_path_factory.mktemp("model")
    save_miniature(folder, family, task=task, prediction=dict(PAINTERS)[family])
    return load(family, folder)


def load(family: str, folder: Path) -> Painter:
    return find_family(family, Painter).load(folder, device="cpu", dtype=torch.float32, checker=False)


@pytest.fixture
def rows(painter: Painter, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rows each call of the denoiser had."""
    seen: list[int] = []

    def counted(call: DenoiserCall) -> Tensor:
        seen.append(call.rows)
        return call.run()

    monkeypatch.setattr(painter, "denoise", counted)
    return seen


PAINTS = pytest.mark.parametrize("paint", [from_words, inside, from_pictures])


@PAINTS
def test_steps_after_the_guided_ones_denoise_a_row_a_picture(painter: Painter, rows: list[int], paint: Paint) -> None:
    some = paint(painter, replace(SAMPLING, guidance_until=0.4))
    # Of a picture that is painted from, the last four fifths of the way are walked: 2 of 4 is the begun part of 0.4.
    walked = STEPS - (paint is from_pictures)
    assert rows == [4, 4, *[2] * (walked - 2)]
    assert apart(*some) > 10
    assert apart(some[0], paint(painter, SAMPLING)[0]) > 0


@PAINTS
def test_all_and_none_of_the_steps_can_be_guided(painter: Painter, rows: list[int], paint: Paint) -> None:
    guided, unguided = paint(painter, SAMPLING), paint(painter, replace(SAMPLING, guidance=1.0))
    rows.clear()
    assert apart(paint(painter, replace(SAMPLING, guidance_until=1.0))[0], guided[0]) == 0
    assert set(rows) == {4}
    rows.clear()
    assert apart(paint(painter, replace(SAMPLING, guidance_until=0.0))[0], unguided[0]) == 0
    assert set(rows) == {2}


@PAINTS
def test_a_row_without_guidance_does_not_depend_on_its_neighbours(painter: Painter, paint: Paint) -> None:
    sampling = replace(SAMPLING, guidance_until=0.4, scheduler="unipc")
    together = paint(painter, sampling)
    (alone,) = painter.paint(prompts=["b"], seeds=[8], size=SIZE, sampling=sampling, negative_prompts=[""])
    if paint is from_words:
        assert apart(alone, together[1]) <= 1
    assert apart(paint(painter, sampling)[1], together[1]) == 0


def test_guidance_ends_as_diffusers_own_callback_ends_it_where_that_can(tmp_path: Path) -> None:
    save_miniature(tmp_path, "sd1", task="text-to-image")
    (ours,) = load("sd1", tmp_path).paint(
        prompts=["a"], seeds=[7], size=SIZE, sampling=replace(SAMPLING, guidance_until=0.4)
    )
    pipeline = diffusers.StableDiffusionPipeline.from_pretrained(tmp_path)
    pipeline.set_progress_bar_config(disable=True)
    # It ends guidance after the step whose index is the cut's: the second one here too.
    theirs = pipeline(
        prompt=["a"],
        negative_prompt=[""],
        generator=[torch.Generator().manual_seed(7)],
        num_inference_steps=STEPS,
        guidance_scale=4.0,
        width=SIZE[0],
        height=SIZE[1],
        callback_on_step_end=SDCFGCutoffCallback(cutoff_step_index=1, cutoff_step_ratio=None),
    ).images[0]
    assert apart(ours, theirs) == 0


def test_every_sampler_of_the_contract_has_a_class() -> None:
    assert set(SCHEDULERS) == set(get_args(SchedulerName))


@pytest.mark.parametrize("name", SCHEDULERS)
@pytest.mark.parametrize("prediction", ["epsilon", "sample", "v_prediction"])
def test_a_sampler_paints_as_plain_diffusers_does_with_it(tmp_path: Path, name: Any, prediction: str) -> None:
    save_miniature(tmp_path, "sd1", prediction=prediction)
    painter = load("sd1", tmp_path)
    own = painter.pipeline.scheduler
    (ours,) = painter.inpaint(
        prompts=["a"], seeds=[7], pictures=[photo()], masks=[half()], sampling=replace(SAMPLING, scheduler=name)
    )
    assert painter.pipeline.scheduler is own
    pipeline = diffusers.StableDiffusionInpaintPipeline.from_pretrained(tmp_path)
    pipeline.set_progress_bar_config(disable=True)
    kind, told = SCHEDULERS[name]
    pipeline.scheduler = getattr(diffusers, kind).from_config(pipeline.scheduler.config, **told)
    theirs = pipeline(
        prompt=["a"],
        negative_prompt=[""],
        image=photo(),
        mask_image=half(),
        generator=[torch.Generator().manual_seed(7)],
        num_inference_steps=STEPS,
        guidance_scale=4.0,
        width=SIZE[0],
        height=SIZE[1],
        strength=1.0,
    ).images[0]
    assert apart(ours, theirs) == 0

"""How class pictures are painted: in few steps, as many at once as fit, and with what of them was painted."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from atelier_training.data.class_pictures import PAINTED_AT_ONCE, ClassPictures
from atelier_training.data.example_views import View, uncropped
from atelier_training.engine.interruption import Interruption
from atelier_training.fine_tune_job import FineTuneJob
from contracts.artifact import BaseManifest
from contracts.class_pictures import MOST_STEPS, class_sampling
from contracts.sampling import Sampling, SamplingDefaults, SchedulerName
from diffusion.painter import Painter
from tests.unit.training_root import JOB

SIDE = 16
BASE = BaseManifest(name="tiny", revision="1", family="sd1", task="inpaint", licence="", source="", resolution=SIDE)


def pictures(folder: Path, defaults: dict[str, object] | None = None) -> ClassPictures:
    base = BASE.model_copy(update={"defaults": SamplingDefaults.from_json(defaults or {})})
    return ClassPictures(
        job=FineTuneJob.from_strings(JOB | {"num_class_images": "11", "class_prompt": "a {red|blue} skirt"}),
        base=base,
        checkpoints=folder,
    )


def framed(index: int) -> View:
    mask = np.zeros((SIDE, SIDE), dtype=np.bool_)
    mask[: index + 1] = True
    return View(pixels=np.full((SIDE, SIDE, 3), 10 * index, np.uint8), mask=mask, frame=uncropped(SIDE))


class White(Painter):
    """Paints white, with room for ``room`` pictures at once."""

    inpaints = True

    def __init__(self, room: int) -> None:
        self.room, self.calls = room, list[int]()

    def inpaint(self, *, prompts: Sequence[str], pictures: Sequence[Image.Image], **_: object) -> list[Image.Image]:
        self.calls.append(len(prompts))
        if len(prompts) > self.room:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return [Image.new("RGB", picture.size, "white") for picture in pictures]


@pytest.mark.parametrize(("room", "calls"), [(100, [PAINTED_AT_ONCE, 3]), (4, [8, 4, 4, 3]), (1, [8, 4, 2, *[1] * 11])])
def test_as_many_are_painted_at_once_as_there_is_room_for(tmp_path: Path, room: int, calls: list[int]) -> None:
    painter, own = White(room), pictures(tmp_path)
    own.paint(painter, framed, Interruption(), share=slice(None))
    assert painter.calls == calls
    assert len(list(own.folder.iterdir())) == 11


def test_no_room_for_one_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(torch.OutOfMemoryError):
        pictures(tmp_path).paint(White(0), framed, Interruption(), share=slice(None))


def test_a_picture_is_learnt_from_with_the_mask_that_it_was_painted_in(tmp_path: Path) -> None:
    own = pictures(tmp_path)
    own.paint(White(8), framed, Interruption(), share=slice(None))
    view, wanted = own.view(5), framed(5)
    assert np.array_equal(view.mask, wanted.mask)
    assert (view.pixels[wanted.mask] == 255).all()
    assert (view.pixels[~wanted.mask] == 50).all(), "what was not painted is the photo's"
    assert own.captions[:3] == ["a red skirt", "a blue skirt", "a red skirt"]


@pytest.mark.parametrize(
    ("defaults", "steps", "scheduler"),
    [
        ({}, MOST_STEPS, "dpm++2m"),
        ({"num_inference_steps": 50}, MOST_STEPS, "dpm++2m"),
        ({"num_inference_steps": 20, "scheduler": "unipc"}, MOST_STEPS, "unipc"),
        ({"num_inference_steps": 6}, 6, ""),
    ],
)
def test_few_steps_of_a_fast_solver_are_enough(
    defaults: dict[str, object], steps: int, scheduler: SchedulerName
) -> None:
    usual = Sampling.of(SamplingDefaults.from_json(defaults))
    assert class_sampling(usual) == replace(usual, steps=steps, scheduler=scheduler)

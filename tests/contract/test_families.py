"""Each family's miniature goes through fine-tuning, evaluation, plain diffusers and the server, which all see the same style."""

from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open

from atelier_inference.pipelines import load_model
from atelier_training.engine.interruption import Interruption
from atelier_training.engine.processes import Processes
from atelier_training.evaluate.before import BeforePictures
from atelier_training.evaluate.photos import Photo
from atelier_training.evaluate.restyle import Models, paint_freely, restyle_photos
from atelier_training.fine_tune_job import FineTuneJob
from atelier_training.jobs.fine_tune import fine_tune
from atelier_training.paths import MlPaths
from contracts.artifact import ADAPTER_WEIGHTS, BaseManifest, StyleManifest
from contracts.families import FAMILIES
from contracts.sampling import Sampling
from diffusion.family import find_family
from diffusion.lora import Mix
from diffusion.lora_file import load_lora
from diffusion.trainee import Trainee
from imaging.masks import to_image
from tests.unit.training_root import PROMPT, garment, write_training

CASES = [
    (name, task, method)
    for name, facts in FAMILIES.items()
    for task in facts.tasks
    for method in facts.methods
    if task != "upscale"  # tests/unit/test_training_enlarging.py
]
STRONG = {"max_steps": "3", "learning_rate": "2e-2"}
WITH_WORDS = {"train_text_encoder": "True", "gradient_checkpointing": "True"}


@pytest.fixture(autouse=True)
def _quiet_machine() -> None:
    torch.set_num_threads(1)


def train(root: Path, family: str, task: str, method: str, **tuning: str) -> MlPaths:
    """Fine-tune the family's miniature; where SageMaker would have its folders."""
    channels = 9 if task == "inpaint" else 4
    paths = write_training(root, family=family, channels=channels, task=task, method=method, **STRONG, **tuning)
    fine_tune(paths.read_hyperparameters(FineTuneJob), paths, Processes(device=torch.device("cpu")), Interruption())
    return paths


def plain(paths: MlPaths, method: str) -> tuple[Image.Image, Image.Image]:
    """What diffusers paints by itself with the base and with the style."""
    index = diffusers.DiffusionPipeline.load_config(paths.channel("base"))
    kind = getattr(diffusers, index["_class_name"])
    pipeline = kind.from_pretrained(paths.channel("base"))
    before = _paint(pipeline)
    if method == "full":
        return before, _paint(kind.from_pretrained(paths.model))
    pipeline.load_lora_weights(paths.model)
    return before, _paint(pipeline)


def _paint(pipeline: Any) -> Image.Image:
    pipeline.set_progress_bar_config(disable=True)
    size = (32, 32)
    pictures: dict[str, Any] = {}
    if pipeline.unet.config.in_channels == 9:
        pictures = {"image": Image.new("RGB", size, "gray"), "mask_image": Image.new("L", size, 255), "strength": 1.0}
    settings = {"num_inference_steps": 3, "guidance_scale": 2.0, "width": 32, "height": 32}
    made: Image.Image = pipeline(
        prompt=PROMPT, generator=[torch.Generator().manual_seed(1)], **settings, **pictures
    ).images[0]
    return made


def served(paths: MlPaths, method: str) -> Image.Image:
    """What the server paints with the style."""
    model = load_model(paths.channel("base") if method == "lora" else paths.model)
    mix: Mix = ((load_lora(model.painter.pipeline, paths.model, "sks@1"), 1.0),) if method == "lora" else ()
    (made,) = model.painter.paint(
        prompts=[PROMPT], seeds=[1], size=(32, 32), sampling=Sampling(steps=3, guidance=2.0), adapters=[mix]
    )
    return made


ROUNDING = 1
"""Levels: what two ways calculate is some 10^-4 of a level apart, and of thousands of values one may be rounded to either side."""


def evaluated(paths: MlPaths, task: str) -> tuple[Image.Image, Image.Image]:
    """What the evaluation paints before and after."""
    base, style = paths.channel("base"), paths.model
    models = Models(base_folder=base, base=BaseManifest.load(base), style_folder=style, style=StyleManifest.load(style))
    kept = BeforePictures(paths.processing_input("before"), models.base)
    if task == "text-to-image":
        (first, *_) = paint_freely(models, kept, PROMPT)
    else:
        picture, mask = garment(5, (70, 90))
        (first,) = restyle_photos(models, kept, [Photo(name="look", picture=picture, mask=to_image(mask))], PROMPT)
    return first.before[0], first.after[0]


def apart(one: Image.Image, other: Image.Image) -> int:
    """The largest difference of two pictures, in levels."""
    return int(np.abs(np.asarray(one).astype(int) - np.asarray(other)).max())


@pytest.mark.parametrize(("family", "task", "method"), CASES)
def test_a_style_is_the_same_to_training_evaluation_diffusers_and_the_server(
    tmp_path: Path, family: str, task: str, method: str
) -> None:
    """Where words alone make the picture, the text encoders are trained too."""
    words = task == "text-to-image" and FAMILIES[family].trains_text_encoder
    paths = train(tmp_path, family, task, method, **(WITH_WORDS if words else {}))
    before, after = plain(paths, method)
    assert apart(before, after) > 5
    assert apart(served(paths, method), after) <= ROUNDING
    own = evaluated(paths, task)
    assert apart(*own) > 5
    if task == "text-to-image":  # the same words, seed and size as the others
        assert apart(own[0], before) <= ROUNDING
        assert apart(own[1], after) <= ROUNDING
    for name in find_family(family, Trainee).tokenizers if words else ():  # type: ignore[type-abstract]
        assert any(_weights(paths, name, method).values()), name


def _weights(paths: MlPaths, encoder: str, method: str) -> dict[str, bool]:
    """Of an encoder's saved tensors, which training has changed."""
    if method == "lora":
        with safe_open(paths.model / ADAPTER_WEIGHTS, "pt") as file:
            names = [name for name in file.keys() if name.startswith(f"{encoder}.") and "lora_B" in name]  # noqa: SIM118
            return {name: bool(file.get_tensor(name).any()) for name in names}
    with (
        safe_open(paths.channel("base") / encoder / "model.safetensors", "pt") as old,
        safe_open(paths.model / encoder / "model.safetensors", "pt") as new,
    ):
        return {name: not torch.equal(old.get_tensor(name), new.get_tensor(name)) for name in old.keys()}  # noqa: SIM118

"""Each row of the table of what can be fine-tuned is trained as a miniature, and plain diffusers takes what comes of it."""

import re
from pathlib import Path
from typing import Any

import diffusers
import pytest
import torch

from atelier_training.engine.interruption import Interruption
from atelier_training.engine.processes import Processes
from atelier_training.fine_tune_job import FineTuneJob
from atelier_training.jobs.fine_tune import fine_tune
from contracts.artifact import ADAPTER_WEIGHTS
from contracts.families import FAMILIES
from diffusion.family import class_name
from tests.unit.training_root import write_enlarging, write_training

PAGE = Path(__file__).parents[2] / "docs" / "fine-tuning.md"
ROW = re.compile(r"^\| `(\w+)` \| (inpaint|text-to-image|upscale) \| (lora|full) \| (.+?) \| (.+?) \|$", re.M)
TEXT_ENCODERS = {"no": 0, "one": 1, "both": 2}
Combination = tuple[str, str, str, int]


def combinations() -> list[Combination]:
    """Family, task, method and how many text encoders are trained, of each cell of the page's table."""
    rows = ROW.findall(PAGE.read_text(encoding="utf-8"))
    return [(*row[:3], TEXT_ENCODERS[text]) for row in rows for text in row[3].split(", ")]


def test_the_table_has_all_that_prepare_accepts() -> None:
    accepted = {
        (name, task, method, text)
        for name, facts in FAMILIES.items()
        for task in facts.tasks
        for method in facts.methods
        for text in ((0, 2 if name == "sdxl" else 1) if facts.trains_text_encoder else (0,))
    }
    listed = combinations()
    assert set(listed) == accepted
    assert len(set(listed)) == len(listed)


def weights(pipeline: Any, part: str) -> list[torch.Tensor]:
    return [each.detach().float() for each in getattr(pipeline, part).parameters()]


@pytest.mark.parametrize(("family", "task", "method", "encoders"), combinations())
def test_each_combination_trains_and_opens_in_plain_diffusers(
    tmp_path: Path, family: str, task: str, method: str, encoders: int
) -> None:
    settings: dict[str, Any] = {
        "method": method,
        "task": task,
        "train_text_encoder": str(bool(encoders)),
        "max_steps": "1",
    }
    paths = (
        write_enlarging(tmp_path, **settings)
        if task == "upscale"
        else write_training(tmp_path, family=family, channels=9 if task == "inpaint" else 4, **settings)
    )
    job, alone = paths.read_hyperparameters(FineTuneJob), Processes(device=torch.device("cpu"))
    fine_tune(job, paths, alone, Interruption())
    base = paths.channel("base")
    pipeline: Any = getattr(diffusers, class_name(base))
    untrained = pipeline.from_pretrained(base)
    trained = pipeline.from_pretrained(base if method == "lora" else paths.model)
    if method == "lora":
        trained.load_lora_weights(paths.model, weight_name=ADAPTER_WEIGHTS)
        trained.fuse_lora()
        trained.unload_lora_weights()
    changed = {
        name
        for name in ("unet", "vae", "text_encoder", "text_encoder_2")
        if getattr(untrained, name, None) is not None
        and any(not torch.equal(a, b) for a, b in zip(weights(trained, name), weights(untrained, name), strict=True))
    }
    assert changed == {"unet", *("text_encoder", "text_encoder_2")[:encoders]}

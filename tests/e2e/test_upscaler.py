"""An upscaler learns from pairs, large pictures and faded small ones, and serves what it has learnt: by LoRA and full."""

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.e2e.studio import SAMPLE, Ended, Studio
from tests.e2e.twice import data_uri

LEARNT, ASIDE = 4, 2
METHODS = {
    "lora": {"max_steps": 20, "learning_rate": 2e-3, "batch_size": 4},
    "full": {"max_steps": 10, "learning_rate": 1e-3, "batch_size": 4},
}
GAIN = 3.0
"""Decibels by which the set-aside pairs must become more alike; several more were seen."""


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A picture (RGB), and its small version with half of the contrast, which no base model brings back."""

    large: Image.Image
    small: Image.Image


def pair(number: int) -> Pair:
    large = Image.open(SAMPLE / f"dataset/skirt-{number:02}.png").convert("RGB")
    return Pair(large=large, small=large.reduce(4).point(lambda level: 70 + level * 0.5))


def png(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def dataset() -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    for number in range(1, LEARNT + ASIDE + 1):
        folder, each = ("" if number <= LEARNT else "evaluation/"), pair(number)
        files |= {f"{folder}{number}.png": png(each.large), f"{folder}low_res/{number}.png": png(each.small)}
    return files


@pytest.fixture(scope="module")
def trained(studio: Studio) -> dict[str, Ended]:
    """Two versions of one style, one by each method; the gate asks for what only learning from these pairs brings."""
    asked: dict[str, Any] = {
        "dataset": studio.upload("faded", dataset()),
        "task": "upscale",
        "instance_prompt": "a faded print",
    }
    asked |= {"gate": {"psnr_gain": GAIN}, "baseline": "none"}
    return {
        method: studio.run(f"faded-{method}", style="faded", method=method, hyperparameters=steps, target="", **asked)
        for method, steps in METHODS.items()
    }


@pytest.mark.parametrize("method", METHODS)
def test_pairs_make_an_upscaler_that_is_served_and_comes_nearer_to_what_is_large(
    studio: Studio, trained: dict[str, Ended], method: str
) -> None:
    ended, aside = trained[method], pair(LEARNT + 1)
    assert ended.status == "SUCCEEDED", ended
    assert ended.output["metrics"]["psnr_gain"] >= GAIN
    assert {each["ModelApprovalStatus"] for each in studio.packages("faded")} == {"Approved"}
    assert bool(ended.output["adapter"]) == (method == "lora")
    assert bool(ended.output["endpoint"]) == (method == "full")
    request: dict[str, Any] = {"mode": "upscale", "image": data_uri(png(aside.small)), "seed": 3}
    base, learnt = (
        Image.open(io.BytesIO(picture)).convert("RGB")
        for version in ("base", f"faded@{ended.output['version']}")
        for picture in studio.deployment.api.predict(request, version=version)
    )
    assert learnt.size == base.size == tuple(4 * side for side in aside.small.size)
    wrong, less = (np.abs(np.asarray(each, float) - np.asarray(aside.large)).mean() for each in (base, learnt))
    assert less < 0.6 * wrong


def test_what_the_base_model_made_for_the_first_evaluation_comes_with_the_second(
    studio: Studio, trained: dict[str, Ended]
) -> None:
    assert {each.status for each in trained.values()} == {"SUCCEEDED"}
    kept = {
        folder: {key.removeprefix(folder) for key in studio.written(run) if key.startswith(folder)}
        for run, folder in (
            ("faded-lora", "runs/faded-lora/before/"),
            ("faded-lora", "runs/faded-lora/evaluate/before/"),
            ("faded-full", "runs/faded-full/before/"),
            ("faded-full", "runs/faded-full/evaluate/before/"),
        )
    }
    none, *others = kept.values()
    assert none == set()
    assert [len(each) for each in others] == [ASIDE] * 3
    assert others[0] == others[1] == others[2]

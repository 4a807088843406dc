"""Numbers that the docs promise: each stands in the page as quoted here, and the code's own value is the promised one."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from atelier_inference.settings import Settings
from atelier_inference.worker import MOST_WAITING
from contracts.model import json_schema
from contracts.prediction import MOST_PIXELS_TO_UPSCALE, PredictionInput
from diffusion.upscaler import Upscaler
from imaging.framing import LONGEST_ASPECT
from imaging.masks import feather
from imaging.pictures import LONGEST_SIDE
from imaging.repaint import ROWS, default_blur
from imaging.tiling import FACTOR, OVERLAP

ARCHITECTURE = "docs/architecture.md"


@dataclass(frozen=True, kw_only=True)
class Promise:
    """``words`` of a page, and the values that the code has for its numbers beside those it promises."""

    page: str
    words: str
    values: Callable[[], Any]
    promised: Any


def bounds(field: str) -> tuple[float, float]:
    """The least and the largest value of a field of a prediction."""
    schema = json_schema(PredictionInput)["properties"][field]
    return schema["minimum"], schema["maximum"]


def soft_edge() -> tuple[list[float], float, float]:
    """Opacity at 0, 1, 2, 3 and 4 quarters of a soft edge of 8 pixels, and the default widths for masks of 300 and 10 pixels."""
    row = np.zeros((1, 40), dtype=bool)
    row[0, :10] = True
    opacity = feather(row, 8)[0, [9, 11, 13, 15, 17]].tolist()
    wide, narrow = (default_blur(np.ones((side, side), dtype=bool)) for side in (300, 10))
    return opacity, wide, narrow


PROMISES = [
    Promise(
        page=ARCHITECTURE,
        words="A picture to upscale has at most 2,097,152 pixels, and 4,095 a side",
        values=lambda: (MOST_PIXELS_TO_UPSCALE, LONGEST_SIDE // FACTOR),
        promised=(2_097_152, 4_095),
    ),
    Promise(
        page=ARCHITECTURE,
        words="tiles of the upscaler's resolution that overlap by a quarter, blended | 4 times the picture's",
        values=lambda: (OVERLAP, FACTOR, Upscaler.FACTOR),
        promised=(1 / 4, 4, 4),
    ),
    Promise(
        page=ARCHITECTURE,
        words="its aspect kept (up to 4:1)",
        values=lambda: LONGEST_ASPECT,
        promised=4,
    ),
    Promise(
        page=ARCHITECTURE,
        words="`strength` 0 to 1",
        values=lambda: bounds("strength"),
        promised=(0, 1),
    ),
    Promise(
        page=ARCHITECTURE,
        words="The mask's soft edge is 2 % of the mask's larger side wide, at least 2 pixels, unless `mask_blur` says otherwise: "
        "opacity falls from 1 on the mask to 0 as a smoothstep.",
        values=soft_edge,
        promised=(pytest.approx([1, 0.84375, 0.5, 0.15625, 0]), pytest.approx(6), 2),
    ),
    Promise(
        page=ARCHITECTURE,
        words="at most 8 pictures (`num_outputs`), the model paints at most 8 rows at once, and at most 32 requests wait",
        values=lambda: (bounds("num_outputs"), ROWS, MOST_WAITING),
        promised=((1, 8), 8, 32),
    ),
    Promise(
        page=ARCHITECTURE,
        words="`SAGEMAKER_BIND_TO_PORT` (8080)",
        values=lambda: Settings.from_environment({}).port,
        promised=8080,
    ),
    Promise(
        page=ARCHITECTURE,
        words="`ATELIER_MAX_ADAPTERS` (4)",
        values=lambda: Settings.from_environment({}).max_adapters,
        promised=4,
    ),
]


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.words[:40])
def test_the_docs_promise_what_the_code_keeps(promise: Promise, root: Path) -> None:
    text = " ".join((root / promise.page).read_text(encoding="utf-8").split())
    assert promise.words in text
    assert promise.values() == promise.promised

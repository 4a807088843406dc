"""The same request with the same seed: the same bytes alone and after a restart; in any company within one level of 255.

A batch of another size is another order of sums in a matrix product, which rounds otherwise in the last bit: a pixel that lies at the
edge between two levels falls to its other side. Anything more would be a row that sees its neighbours.
"""

import random
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.integration.inference_server import (
    HEIGHT,
    INPAINT,
    WIDTH,
    Server,
    disc,
    noise,
    received,
    sent,
    serving,
    smooth,
)

PICTURE = sent(smooth(WIDTH, HEIGHT))
STYLE: dict[str, Any] = {"mode": "style", "image": sent(noise()), "mask_prompt": "a skirt", "prompt": "red", "seed": 5}
WORDS: dict[str, Any] = {"mode": "text_to_image", "prompt": "a blue skirt", "seed": 11}
REQUESTS: Mapping[str, dict[str, Any]] = {
    "inpaint": INPAINT,
    "other seed": {**INPAINT, "seed": 8},
    "other words": {**INPAINT, "prompt": "green", "negative_prompt": "blurry"},
    "other photo": {**INPAINT, "image": PICTURE},
    "soft": {**INPAINT, "mask_blur": 9.0, "mask_grow": 2},
    "style@1": {**INPAINT, "adapter": "skirt@1"},
    "style@2, half": {**INPAINT, "adapter": "skirt@2", "adapter_scale": 0.5},
    "promoted style": {**STYLE, "adapter": "skirt"},
    "more steps": {**INPAINT, "num_inference_steps": 5},
    "unguided": {**INPAINT, "guidance_scale": 1.0},
    "strongly guided": {**INPAINT, "guidance_scale": 6.0},
    "three": {**INPAINT, "num_outputs": 3, "seed": 20},
    "found": STYLE,
    "dyed": {**INPAINT, "colour": "#2850be"},
    "words": WORDS,
    "words, wide": {**WORDS, "width": 72, "height": 64},
    "words, style": {**WORDS, "adapter": "skirt@2"},
    "from a picture": {"mode": "image_to_image", "prompt": "a skirt", "image": PICTURE, "strength": 0.7, "seed": 3},
    "mask": {"mode": "segment", "image": sent(noise()), "mask_prompt": "a skirt"},
    "jpeg": {**INPAINT, "output_format": "jpeg", "image": sent(noise(), "jpeg"), "mask": sent(disc())},
}


@pytest.fixture(scope="module")
def alone(server: Server) -> Mapping[str, list[str]]:
    """The pictures of each request, asked one after the other."""
    return {name: server.predict(**fields).images for name, fields in REQUESTS.items()}


def test_alone_twice_is_the_same_bytes_in_any_order(server: Server, alone: Mapping[str, list[str]]) -> None:
    for name in reversed(list(REQUESTS)):
        assert server.predict(**REQUESTS[name]).images == alone[name], name


def test_after_a_restart_it_is_the_same_bytes(tmp_path: Path, alone: Mapping[str, list[str]]) -> None:
    with serving(tmp_path) as another:
        assert {name: another.predict(**fields).images for name, fields in REQUESTS.items()} == alone


@pytest.mark.parametrize("seed", range(3))
def test_in_any_company_it_is_the_same_within_one_level(
    server: Server, alone: Mapping[str, list[str]], seed: int
) -> None:
    names = list(REQUESTS)
    random.Random(seed).shuffle(names)
    with ThreadPoolExecutor(len(names)) as callers:
        answers = dict(zip(names, callers.map(lambda name: server.predict(**REQUESTS[name]), names), strict=True))
    for name, answer in answers.items():
        for one, other in zip(answer.images, alone[name], strict=True):
            difference = np.abs(received(one).astype(int) - received(other))
            # JPEG's own rounding, by blocks, makes more of a level.
            assert difference.max() <= (8 if name == "jpeg" else 1), name
            assert (difference > 0).mean() < 0.01, name

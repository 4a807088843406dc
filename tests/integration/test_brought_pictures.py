"""Pictures and masks that people brought, byte for byte: what the API's door and the model server say to each."""

import base64
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from atelier_ops.logic.request_pictures import check_pictures
from contracts.prediction import PredictionInput, PredictionOutput
from imaging.masks import to_image
from tests.integration.inference_server import Server, received, sent
from tests.unit.ops_fakes import MemoryBuckets

BROUGHT = Path(__file__).parent / "brought"


def brought(name: str) -> str:
    return base64.b64encode((BROUGHT / name).read_bytes()).decode()


def answered(server: Server, **fields: Any) -> PredictionOutput:
    """By both doors."""
    check_pictures(PredictionInput.from_json(fields), MemoryBuckets().store("media"))
    return server.predict(**fields)


@pytest.mark.parametrize("name", ["exif-abs.jpg", "exif-rational.jpg", "no-eoi.jpg"])
def test_a_photo_with_odd_metadata_or_without_its_end_is_a_photo(server: Server, name: str) -> None:
    answer = answered(server, mode="segment", image=brought(name), mask_prompt="a skirt")
    assert received(answer.images[0]).shape == (300, 200)
    assert answer.notes == []


def test_a_profile_means_the_same_with_and_without_transparency(server: Server) -> None:
    fields = {"mode": "inpaint", "prompt": "a skirt", "seed": 1, "mask": corner(), "return_mask": True}
    colours, whole = (answered(server, image=brought(name), **fields) for name in ("icc-rgb.png", "icc-rgba.png"))
    untouched = received(colours.mask) == 0
    means = [received(each.images[0])[untouched][:, :3].mean(axis=0) for each in (colours, whole)]
    assert np.abs(np.subtract(*means)).max() < 1
    assert means[0][1] > means[0][0] + 20


def corner() -> str:
    mask = np.zeros((96, 96), dtype=bool)
    mask[:24, :24] = True
    return sent(to_image(mask))


def test_a_mask_in_openais_convention_repaints_its_hole_or_nothing(server: Server) -> None:
    fields = {
        "mode": "inpaint",
        "prompt": "a skirt",
        "image": brought("exif-abs.jpg"),
        "mask": brought("mask-openai.png"),
    }
    refused = server.post(**fields)
    assert refused.status_code == 400
    assert "mask_convention transparent" in refused.json()["error"]["allowed"]
    answer = answered(server, **fields, mask_convention="transparent", mask_blur=0, return_mask=True)
    assert answer.metrics["mask_area"] == pytest.approx(0.12, abs=0.01)
    assert (received(answer.mask) > 0).mean() == pytest.approx(answer.metrics["mask_area"], abs=0.001)


@pytest.mark.parametrize(
    ("mask", "convention"),
    [
        ("mask-halfclear.png", "white"),
        ("mask-halfclear.png", "transparent"),
        ("exif-abs.jpg", "white"),
        ("no-eoi.jpg", "transparent"),
    ],
)
def test_what_is_a_mask_by_no_convention_repaints_nothing(server: Server, mask: str, convention: str) -> None:
    fields = {"mode": "inpaint", "prompt": "a skirt", "image": brought("exif-abs.jpg"), "mask": brought(mask)}
    refused = server.post(**fields, mask_convention=convention)
    assert refused.status_code == 400
    assert refused.json()["error"]["what"] == "input.mask"


def test_of_a_long_prompt_the_words_that_are_not_used_are_named(server: Server) -> None:
    prompt = "a person in a street, " * 20 + ", wearing sks skirt, red"
    (note,) = answered(server, mode="text_to_image", prompt=prompt, seed=1).notes
    assert note.startswith("prompt: too long for the text encoder, not used: ")
    assert note.endswith(", wearing sks skirt, red")

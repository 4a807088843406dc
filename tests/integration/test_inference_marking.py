"""With marking on, answers hold the mark in every mode that paints, and are the same as without it wherever nothing was painted."""

import io
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from atelier_inference.answer_stream import FinishedAnswer
from atelier_inference.answering import make_answer
from atelier_inference.marking import MarkWriter
from contracts.mark import mark_of
from contracts.prediction import PredictionInput
from imaging.mark_reading import read_mark
from tests.integration.inference_server import INPAINT, Server, noise, sent

KEY = bytes(range(32))
ID = "prediction-1"
STYLE = {"mode": "style", "image": sent(noise()), "mask_prompt": "a skirt", "prompt": "red", "num_inference_steps": 2}
WORDS = {"mode": "text_to_image", "prompt": "red", "num_inference_steps": 1, "width": 256, "height": 192}
FROM_PICTURE = {"mode": "image_to_image", "image": sent(noise()), "prompt": "red", "num_inference_steps": 2}
UPSCALE = {"mode": "upscale", "image": sent(noise()), "num_inference_steps": 2}


def answered(
    server: Server, fields: dict[str, Any], monkeypatch: pytest.MonkeyPatch, *, marked: bool
) -> FinishedAnswer:
    request = PredictionInput.from_json({**fields, "seed": 3})
    mode = server.modes[request.mode]
    with monkeypatch.context() as patched:
        marking = MarkWriter(KEY) if marked else None
        patched.setattr(mode, "dependencies", replace(mode.dependencies, marking=marking))
        (finish,) = mode.run([job := mode.prepare(request)])
        return make_answer(job, finish, ID)


def pixels(file: bytes) -> np.ndarray[Any, np.dtype[np.int_]]:
    return np.asarray(Image.open(io.BytesIO(file)), dtype=int)


@pytest.mark.parametrize(
    "fields",
    [
        STYLE,
        {**STYLE, "upscale": True},
        INPAINT,
        WORDS,
        {**WORDS, "upscale": True, "width": 64, "height": 64},
        FROM_PICTURE,
        UPSCALE,
    ],
    ids=["style", "style upscaled", "inpaint", "text_to_image", "text_to_image upscaled", "image_to_image", "upscale"],
)
def test_what_was_painted_is_marked_and_nothing_else(
    server: Server, fields: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {**fields, "num_outputs": 2, "return_mask": True}
    before = answered(server, asked, monkeypatch, marked=False)
    after = answered(server, asked, monkeypatch, marked=True)
    assert (before.output.mark, after.output.mark) == ("", mark_of(ID))
    for old, new in zip(before.pictures, after.pictures, strict=True):
        moved = np.abs(pixels(new) - pixels(old)).max(axis=2)
        assert 0 < moved.max() <= 16
        if after.mask:
            assert not moved[pixels(after.mask) == 0].any()
    assert before.mask == after.mask


def test_the_mark_of_an_answer_is_read_from_its_picture(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The miniature model paints noise, in which no mark is found; so it is taken out of both."""
    before, after = (answered(server, WORDS, monkeypatch, marked=marked).pictures[0] for marked in (False, True))
    found = read_mark(Image.fromarray((128 + pixels(after) - pixels(before)).astype(np.uint8)), KEY)
    assert found is not None
    assert f"{found.payload:012x}" == mark_of(ID)


def test_a_mask_is_not_marked(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = {"mode": "segment", "image": sent(noise()), "mask_prompt": "a skirt"}
    before, after = (answered(server, asked, monkeypatch, marked=marked) for marked in (False, True))
    assert (after.output.mark, after.pictures) == ("", before.pictures)

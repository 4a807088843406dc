"""Captions of drawn figures: what is worn with the garment that is learnt, in the colour that it has."""

from pathlib import Path

import numpy as np
import pytest

from imaging.captioning import caption, worn_with
from imaging.segmenter import Segmenter
from models.tiny.make.sample import style_drawings

PROMPT = "a photo of sks skirt"
TOPS = ("top", "shirt", "blouse", "t-shirt", "pullover")


@pytest.fixture(scope="module")
def segmenter(root: Path) -> Segmenter:
    return Segmenter.load(root / "models/tiny/weights/clipseg")


def test_the_colour_of_what_is_worn_above_is_named_and_the_garment_is_not(segmenter: Segmenter) -> None:
    for drawing in style_drawings():
        top = drawing.outfit.garments[0]
        worn = worn_with(drawing.image, np.asarray(drawing.mask("skirt")), f"a skirt {PROMPT}", segmenter)
        assert any(each.startswith(f"a {top.colour} ") and each.split()[-1] in TOPS for each in worn)
        assert not any("skirt" in each or "trousers" in each for each in worn)


def test_what_the_words_name_already_is_not_named_again(segmenter: Segmenter) -> None:
    drawing = next(style_drawings())
    worn = worn_with(drawing.image, None, "a photo of a purple top and sks skirt", segmenter)
    assert not any(each.split()[-1] in TOPS for each in worn)


@pytest.mark.parametrize(
    ("worn", "words"),
    [
        ([], PROMPT),
        (["a white shirt"], f"{PROMPT} with a white shirt"),
        (["a white shirt", "black shoes"], f"{PROMPT} with a white shirt and black shoes"),
        (["a white shirt", "black shoes", "a red hat"], f"{PROMPT} with a white shirt, black shoes and a red hat"),
    ],
)
def test_a_caption_begins_with_the_prompt(worn: list[str], words: str) -> None:
    assert caption(PROMPT, worn) == words

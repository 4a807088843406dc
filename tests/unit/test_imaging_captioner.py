"""A captioner writes what a picture shows, and the garment that is learnt is left out of what it wrote."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from imaging.captioner import MOST_WORDS, Captioner, described, tidy, without
from tests.unit.miniatures import CAPTIONER_WORDS, save_captioner


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("blip")
    save_captioner(made)
    return made


def picture(seed: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 255, (70, 50, 3), dtype=np.uint8))


def test_a_model_that_was_loaded_from_a_folder_writes_words_that_it_has(folder: Path) -> None:
    captioner = Captioner.load(folder)
    said = [captioner.describe(picture(seed)) for seed in range(4)]
    assert {*" ".join(said).split()} <= {*CAPTIONER_WORDS}
    assert len({*said}) > 1, "it is not trained, but what it sees makes a difference"
    assert max(len(words.split()) for words in said) <= MOST_WORDS
    assert [captioner.describe(picture(seed)) for seed in range(4)] == said


def test_its_weights_are_safetensors(folder: Path) -> None:
    assert load_file(folder / "model.safetensors")
    assert json.loads((folder / "config.json").read_text())["architectures"] == ["BlipForConditionalGeneration"]
    weights = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").unlink()
    torch.save({}, folder / "pytorch_model.bin")
    with pytest.raises(OSError, match="safetensors"):
        Captioner.load(folder)
    (folder / "model.safetensors").write_bytes(weights)
    (folder / "pytorch_model.bin").unlink()


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("arafed woman in a white shirt", "woman in a white shirt"),
        ("There is a woman\nwalking , on a street.", "a woman walking, on a street"),
        ("a {red|blue} (coat:1.5) <lora>", "a red blue coat 1 5 lora"),
        ("", ""),
        (" ".join(["very"] * 99), " ".join(["very"] * MOST_WORDS)),
    ],
)
def test_what_it_writes_becomes_plain_words_that_end(written: str, words: str) -> None:
    assert tidy(written) == words


@pytest.mark.parametrize(
    ("sentence", "rest"),
    [
        ("a woman wearing a blue skirt and a white shirt in a park", "a woman wearing a white shirt in a park"),
        ("a woman in a white shirt and skirt standing on a street", "a woman in a white shirt"),
        ("a woman wearing jeans, black boots and a hat", "a woman wearing black boots and a hat"),
        ("a woman in a dress with flowers", "a woman with flowers"),
        ("two skirts on a chair", ""),
        ("a woman standing in front of a window", "a woman standing in front of a window"),
        ("", ""),
    ],
)
def test_the_garment_that_is_learnt_is_left_out(sentence: str, rest: str) -> None:
    assert without(sentence, "a skirt a photo of sks skirt") == rest
    assert described("a photo of sks skirt", sentence, "a skirt") == ", ".join(
        filter(None, ["a photo of sks skirt", rest])
    )


def test_of_other_pictures_everything_is_said() -> None:
    assert without("a woman in a dress and a hat", "a lamp") == "a woman in a dress and a hat"

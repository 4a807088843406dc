"""The shipped tiny weights: real libraries load them, they are small, and they do what their cards say."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionInpaintPipeline
from PIL import Image
from safetensors import safe_open
from transformers import CLIPSegForImageSegmentation, CLIPTokenizer

from imaging.masks import from_image
from imaging.segmenter import GarmentNotFoundError, Segmenter
from models.tiny.make.score.colours import dominant_colour
from models.tiny.make.score.crops import crop
from models.tiny.make.score.held_out import figures, repaint_requests, spoken
from models.tiny.make.score.masks import answer, overlap
from models.tiny.make.score.painting import load, paint
from models.tiny.make.tokenizer import MAX_TOKENS

WEIGHTS = Path(__file__).parents[2] / "models" / "tiny" / "weights"
SAMPLE = WEIGHTS.parent / "sample"
BYTES_ALLOWED = 12_000_000


@pytest.fixture(scope="module")
def segmenter() -> Segmenter:
    return Segmenter.load(WEIGHTS / "clipseg")


def card_scores(name: str) -> dict[str, float]:
    """The JSON block of a model card."""
    text = (WEIGHTS / name / "README.md").read_text(encoding="utf-8")
    block = re.search(r"```json\n(.*?)```", text, re.DOTALL)
    assert block is not None, f"{name}: its card has no json block of scores"
    scores: dict[str, float] = json.loads(block.group(1))
    return scores


def test_the_family_fits_its_size() -> None:
    sizes = {path: path.stat().st_size for path in WEIGHTS.rglob("*") if path.is_file()}
    assert sum(sizes.values()) <= BYTES_ALLOWED


@pytest.mark.parametrize("path", sorted(WEIGHTS.rglob("*.safetensors")), ids=lambda path: path.parent.name)
def test_every_tensor_is_half_precision_and_finite(path: Path) -> None:
    with safe_open(path, "pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118, not a dict
    floating = {name: tensor for name, tensor in tensors.items() if tensor.is_floating_point()}
    assert floating
    assert {tensor.dtype for tensor in floating.values()} == {torch.float16}
    assert all(bool(tensor.isfinite().all()) for tensor in floating.values())


def test_the_pipeline_is_an_inpainting_one_that_computes_in_single_precision() -> None:
    pipeline = StableDiffusionInpaintPipeline.from_pretrained(WEIGHTS / "inpaint", safety_checker=None)
    assert pipeline.unet.config.in_channels == 9
    assert {part.dtype for part in (pipeline.unet, pipeline.vae, pipeline.text_encoder)} == {torch.float32}
    assert pipeline.tokenizer.model_max_length == MAX_TOKENS
    assert pipeline.text_encoder.config.eos_token_id == pipeline.tokenizer.eos_token_id


def test_both_models_share_one_vocabulary() -> None:
    vocabularies = [
        CLIPTokenizer.from_pretrained(folder).get_vocab()
        for folder in (WEIGHTS / "inpaint" / "tokenizer", WEIGHTS / "clipseg")
    ]
    assert vocabularies[0] == vocabularies[1]
    model = CLIPSegForImageSegmentation.from_pretrained(WEIGHTS / "clipseg")
    assert model.dtype == torch.float32
    assert model.config.text_config.vocab_size == len(vocabularies[0])


def test_the_style_and_photos_of_the_sample_are_masked(segmenter: Segmenter) -> None:
    overlaps = []
    for path in sorted((SAMPLE / "truth").glob("*.png")):
        places = (SAMPLE / "dataset", SAMPLE / "dataset" / "evaluation", SAMPLE / "photos")
        picture = Image.open(next(p / path.name for p in places if (p / path.name).is_file())).convert("RGB")
        truth = np.asarray(Image.open(path)) > 127
        overlaps.append(overlap(from_image(segmenter.mask(picture, "a skirt", grow=0).mask), truth))
    assert np.mean(overlaps) >= 0.8
    assert min(overlaps) >= 0.3


def test_a_garment_that_nobody_wears_is_not_found_as_often_as_the_card_says(segmenter: Segmenter) -> None:
    def found(drawing_image: Image.Image, part: str) -> bool:
        try:
            segmenter.mask(drawing_image, f"a {part}")
        except GarmentNotFoundError:
            return False
        return True

    answers = [
        found(drawing.image, part)
        for drawing in figures(60, stream=1)
        for part in ("skirt", "dress", "trousers")
        if not drawing.mask(part).any()
    ]
    promised = 1 - card_scores("clipseg")["not_found"]
    assert len(answers) >= 80
    assert np.mean(answers) <= promised + 3 * (promised * (1 - promised) / len(answers)) ** 0.5


def test_words_decide_the_colour_that_is_painted() -> None:
    pipeline = load(WEIGHTS / "inpaint")
    asked = list(repaint_requests(16, stream=2))
    crops = [crop(drawing, worn, growth=2) for drawing, worn, _ in asked]
    painted = paint(pipeline, [spoken(w) for *_, w in asked], [(c.picture, c.mask) for c in crops], seed=100)
    hits = [dominant_colour(p, c.mask) == w.colour for p, c, (*_, w) in zip(painted, crops, asked, strict=True)]
    promised = card_scores("inpaint")["colour_obeyed"]
    # 16 draws of a share p stay above p - 3 sqrt(p (1 - p) / 16) in all but one case of a thousand.
    assert np.mean(hits) >= promised - 3 * (promised * (1 - promised) / 16) ** 0.5


def test_the_segmenters_card_says_what_it_scores(segmenter: Segmenter) -> None:
    overlaps = []
    for drawing in figures(30, stream=1):
        for part in ("skirt", "top"):
            truth = drawing.mask(part)
            if truth.any():
                overlaps.append(overlap(answer(segmenter, drawing, part), truth))
    card = card_scores("clipseg")
    assert np.mean(overlaps) == pytest.approx((card["mask_iou_skirt"] + card["mask_iou_top"]) / 2, abs=0.05)


@pytest.mark.parametrize("name", ["inpaint", "clipseg"])
def test_a_model_card_says_how_it_was_made_and_what_it_cannot(name: str) -> None:
    text = (WEIGHTS / name / "README.md").read_text(encoding="utf-8")
    for heading in ("## Data", "## Training", "## Scores", "## Limits", "## Defaults"):
        assert heading in text

"""The shipped tiny weights: real libraries load them, they are small, and they do what their cards say."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionInpaintPipeline
from PIL import Image
from safetensors import safe_open
from scipy.stats import binom
from transformers import CLIPSegForImageSegmentation, CLIPTokenizer

from imaging.masks import from_image
from imaging.segmenter import Segmenter
from models.tiny.make.score.cards import read_card
from models.tiny.make.score.enlarging import FACTOR, bicubic, enlarge, large_figures, load_upscaler, psnr
from models.tiny.make.score.held_out import PARTS, SCORE_SEED, crop, figures, repaint_requests, spoken
from models.tiny.make.score.masks import SMALLEST, answer, overlap
from models.tiny.make.score.painting import load, paint, psnr_outside
from models.tiny.make.score.patterns import PatternClassifier, dominant_colour
from models.tiny.make.score.portraits import paint_outfits, wears
from models.tiny.make.tokenizer import MAX_TOKENS

WEIGHTS = Path(__file__).parents[2] / "models" / "tiny" / "weights"
SAMPLE = WEIGHTS.parent / "sample"
BYTES_ALLOWED = 12_000_000


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def segmenter() -> Segmenter:
    return Segmenter.load(WEIGHTS / "clipseg")


def card_scores(name: str) -> dict[str, float]:
    """The scores in a model card."""
    return read_card(WEIGHTS / name / "README.md")


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


def test_the_models_share_one_vocabulary() -> None:
    vocabularies = [
        CLIPTokenizer.from_pretrained(folder).get_vocab()
        for folder in (WEIGHTS / "inpaint" / "tokenizer", WEIGHTS / "clipseg", WEIGHTS / "upscaler" / "tokenizer")
    ]
    assert vocabularies[0] == vocabularies[1] == vocabularies[2]
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
    assert np.mean(overlaps) >= 0.92
    assert min(overlaps) >= 0.7


def least(promised: float, count: int) -> float:
    """The share that `count` draws of a promised share stay above in all but one case of a thousand, by the binomial distribution.

    Fewer pictures than the card's scores took leave that much to chance, and not more: weights that are worse than their card fail.
    """
    return float(binom.ppf(0.001, count, promised) / count)


def least_mean(promised: float, values: Sequence[float]) -> float:
    """The same for a mean: three standard errors of these values below what is promised."""
    error = float(np.std(values, ddof=1)) / float(len(values)) ** 0.5
    return float(promised - 3 * error)


def test_the_segmenter_masks_what_is_there_and_refuses_what_is_not_as_its_card_says(segmenter: Segmenter) -> None:
    overlaps: dict[str, list[float]] = {part: [] for part in PARTS}
    wrong: list[bool] = []
    for drawing in figures(24, stream=1):
        for part in PARTS:
            truth, found = drawing.mask(part), answer(segmenter, drawing, part)
            if truth.mean() >= SMALLEST:
                overlaps[part].append(overlap(found, truth))
            elif not truth.any():
                wrong.append(bool(found.any()))
    card = card_scores("clipseg")
    for part, values in overlaps.items():
        assert np.mean(values) >= least_mean(card[f"mask_iou_{part}"], values), part
    assert len(wrong) >= 30
    assert 1 - np.mean(wrong) >= least(card["not_found"], len(wrong))


def test_words_decide_colour_and_pattern_as_the_card_says() -> None:
    asked = list(repaint_requests(16, stream=2))
    crops = [crop(drawing, worn, growth=2) for drawing, worn, _ in asked]
    wanted = [garment for *_, garment in asked]
    pipeline = load(WEIGHTS / "inpaint")
    painted = paint(pipeline, [spoken(w) for w in wanted], [(c.picture, c.mask) for c in crops], seed=100)
    card = card_scores("inpaint")
    colours = [dominant_colour(p, c.mask) == w.colour for p, c, w in zip(painted, crops, wanted, strict=True)]
    assert np.mean(colours) >= least(card["colour_obeyed"], len(colours))
    named = PatternClassifier(drawn=300)(painted, [c.mask for c in crops])
    patterns = [name == w.pattern for name, w in zip(named, wanted, strict=True)]
    assert np.mean(patterns) >= least(card["pattern_obeyed"], len(patterns))
    kept = [psnr_outside(c, p) for c, p in zip(crops, painted, strict=True)]
    assert np.mean(kept) >= least_mean(card["psnr_outside"], kept)


def test_words_alone_make_a_person_as_the_card_says(segmenter: Segmenter) -> None:
    """Without the classifier of the score, whose training takes longer than all this: it only refuses more."""
    outfits = [drawing.outfit for drawing in figures(16, stream=4)]
    painted = paint_outfits(load(WEIGHTS / "inpaint"), outfits, np.random.default_rng((SCORE_SEED, 4)))
    shown = [wears(segmenter, picture, outfit) for picture, outfit in zip(painted, outfits, strict=True)]
    assert np.mean(shown) >= least(card_scores("inpaint")["text_to_image"], len(shown))


def test_the_upscaler_beats_interpolation_as_its_card_says() -> None:
    truths = list(large_figures(3))
    small = [truth.reduce(FACTOR) for truth in truths]
    large = enlarge(load_upscaler(WEIGHTS / "upscaler"), small)
    gains = [psnr(a, t) - psnr(bicubic(s), t) for a, s, t in zip(large, small, truths, strict=True)]
    assert np.mean(gains) >= least_mean(card_scores("upscaler")["upscaler_gain_db"], gains)


@pytest.mark.parametrize("name", ["inpaint", "clipseg", "upscaler"])
def test_a_model_card_says_how_it_was_made_and_what_it_cannot(name: str) -> None:
    text = (WEIGHTS / name / "README.md").read_text(encoding="utf-8")
    for heading in ("## Data", "## Training", "## Scores", "## Limits", "## Defaults"):
        assert heading in text

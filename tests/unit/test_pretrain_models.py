"""The models that pretrain starts from, and that each learner's export is what diffusers and transformers load."""

import copy
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKL, StableDiffusionInpaintPipeline
from PIL import Image
from torch import nn

from atelier_training.data.sampling import draw, pixels
from atelier_training.data.shards import open_shards
from atelier_training.engine.checkpoint import FILE
from atelier_training.learners import segmenter, unet, unet_parts, vae
from atelier_training.learners.analytic import skip_silent_residuals
from atelier_training.learners.patch_autoencoder import PatchCode, patch_autoencoder
from atelier_training.learners.pretraining import ShardLearner
from atelier_training.learners.segmenter_model import SIDE, LabelHead, answer, look
from atelier_training.learners.text import Words
from atelier_training.learners.unet_parts import LATENTS, inpainting_unet
from contracts.pretrain_hyperparameters import PretrainHyperparameters
from imaging.segmenter import Segmenter
from tests.unit.pretrain_run import export_of
from tests.unit.pretrain_shards import write_shards, write_tokenizer


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tokenizer(tmp_path_factory.mktemp("tokenizer"))


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shards(tmp_path_factory.mktemp("shards"))


@pytest.fixture(scope="module")
def encoder(shards: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The exported autoencoder of a run of two steps."""
    return export_of("vae", shards, tmp_path_factory.mktemp("vae"))


@pytest.fixture(scope="module")
def base(encoder: Path, tokens: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A base model that has an autoencoder and a tokenizer alone."""
    folder = tmp_path_factory.mktemp("base")
    shutil.copytree(encoder, folder / "vae")
    shutil.copytree(tokens, folder / "tokenizer")
    return folder


def gradients(count: int) -> torch.Tensor:
    """Smooth pictures, (count, 3, 32, 32) in -1..1."""
    y, x = np.mgrid[0:32, 0:32] / 31
    phases = np.random.default_rng(0).uniform(0, 6, (count, 3, 1, 1))
    return torch.from_numpy(np.sin(2 * x + y + phases) * 0.8).float()


WIDTHS = {2: (16, 12), 4: (12, 16, 12)}  # of autoencoders of patches of 2 x 2 and 4 x 4 pixels


def patch_code(factor: int, whitening: float = 0.5) -> PatchCode:
    return PatchCode.fit(gradients(12), factor=factor, latents=5, whitening=whitening)


def encoded(code: PatchCode, pictures: torch.Tensor) -> torch.Tensor:
    """The code's map of each patch of pictures (n, 3, 32, 32), written out: (n, k, h, w)."""
    count, colours, side, factor = *pictures.shape[:3], code.rows.shape[-1]
    patches = pictures.reshape(count, colours, side // factor, factor, side // factor, factor)
    return torch.einsum("kcyx,nchywx->nkhw", code.rows, patches) - code.shift[:, None, None]


@pytest.mark.parametrize("factor", [2, 4])
def test_latents_are_the_codes_map_of_each_patch(factor: int) -> None:
    pictures, code = gradients(4), patch_code(factor)
    model = patch_autoencoder(code, widths=WIDTHS[factor], sample_size=32, scaling_factor=0.25)
    with torch.no_grad():
        latents = model.encode(pictures).latent_dist.mode() * 0.25
    assert latents.shape == (4, 5, 32 // factor, 32 // factor)
    assert torch.allclose(latents, encoded(code, pictures), atol=0.01)


def test_an_autoencoder_with_too_many_levels_for_its_patches_is_refused() -> None:
    with pytest.raises(ValueError, match=r"widths: got \(12, 16, 12\); allowed: one more than halvings"):
        patch_autoencoder(patch_code(2), widths=(12, 16, 12), sample_size=32)


def test_a_code_centres_its_latents_and_whitens_as_far_as_it_is_told() -> None:
    contrasts = []
    for whitening in (0.0, 0.5, 1.0):
        latents = encoded(patch_code(4, whitening), gradients(12)).transpose(0, 1).flatten(1)
        assert torch.allclose(latents.mean(1), torch.zeros(5), atol=1e-4)
        assert latents.var(1).mean().item() == pytest.approx(1, abs=0.01)
        contrasts.append(float(latents.std(1).max() / latents.std(1).min()))
    assert contrasts[0] > 2
    assert contrasts[1] == pytest.approx(contrasts[0] ** 0.5, rel=0.01)
    assert contrasts[2] == pytest.approx(1, rel=0.01)


@pytest.mark.parametrize("factor", [2, 4])
def test_the_untrained_decoder_paints_every_patch_in_its_mean_colour(factor: int) -> None:
    pictures = gradients(12)
    model = patch_autoencoder(patch_code(factor), widths=WIDTHS[factor], sample_size=32)
    with torch.no_grad():
        painted = model.decode(model.encode(pictures).latent_dist.mode()).sample
    expected = nn.functional.interpolate(nn.functional.avg_pool2d(pictures, factor), scale_factor=factor)
    assert (painted - expected).abs().mean() < 0.05 < expected.abs().mean()


def test_skipping_silent_residuals_changes_no_latent() -> None:
    model = patch_autoencoder(patch_code(4), widths=WIDTHS[4], sample_size=32)
    shorter = copy.deepcopy(model)
    skip_silent_residuals(shorter)
    pictures = gradients(2)
    assert torch.equal(shorter.encode(pictures).latent_dist.mode(), model.encode(pictures).latent_dist.mode())
    assert len(list(shorter.encoder.parameters())) < len(list(model.encoder.parameters())) / 2


def test_the_untrained_unet_returns_the_masked_pictures_latents() -> None:
    torch.manual_seed(0)
    model = inpainting_unet(side=16, text_width=32)
    held, noisy = torch.randn(2, LATENTS, 16, 16), torch.randn(2, LATENTS, 16, 16)
    mask = torch.zeros(2, 1, 16, 16)
    with torch.no_grad():
        out = model(torch.cat([noisy, mask, held], 1), torch.tensor([900, 10]), torch.randn(2, 8, 32)).sample
    assert (out - held).abs().mean() < 0.1 * held.abs().mean()


def test_apart_forward_passes_equal_the_librarys_own(tokens: Path) -> None:
    words = Words(tokens, segmenter.POSITIONS)
    model = segmenter.begin(words, None, seed=0).eval()
    pictures = torch.randn(2, 3, SIDE, SIDE)
    prompts = words(["a skirt", "the dress", "shoes", "a photo of a top"]).view(2, 2, -1)
    with torch.no_grad():
        apart = answer(model, look(model, pictures), prompts)
        whole = model(input_ids=prompts[:, 1], pixel_values=pictures).logits
    assert torch.allclose(apart[:, 1], whole.view(2, SIDE, SIDE), atol=1e-5)
    assert not torch.allclose(apart[:, 0], apart[:, 1], atol=1e-3)


def test_the_helping_head_reads_each_patch_at_its_own_place() -> None:
    head = LabelHead(3)
    tokens = torch.zeros(1, 256, 96)
    changed = tokens.clone()
    changed[0, 16 * 2 + 5] = torch.randn(96)
    differs = (head(changed) != head(tokens)).any(1)[0]
    rows, columns = torch.nonzero(differs, as_tuple=True)
    assert [int(edge) for edge in (rows.min(), rows.max(), columns.min(), columns.max())] == [12, 17, 30, 35]


def test_the_exported_autoencoder_keeps_the_computed_encoder(encoder: Path, shards: Path) -> None:
    model = AutoencoderKL.from_pretrained(encoder)
    fresh = vae.begin(open_shards(str(shards)), None, seed=0)
    assert all(torch.equal(a, b) for a, b in zip(model.encoder.parameters(), fresh.encoder.parameters(), strict=True))
    changed = [
        not torch.equal(a, b) for a, b in zip(model.decoder.parameters(), fresh.decoder.parameters(), strict=True)
    ]
    assert sum(changed) > len(changed) / 2


def test_the_exported_pipeline_paints(base: Path, shards: Path, tmp_path: Path) -> None:
    export = export_of("unet", shards, tmp_path, base, precision="bf16")
    assert (tmp_path / FILE).is_file()
    assert (export / "tokenizer" / "vocab.json").is_file()
    pipeline = StableDiffusionInpaintPipeline.from_pretrained(export, safety_checker=None)
    pipeline.set_progress_bar_config(disable=True)
    assert pipeline.unet.dtype == pipeline.vae.dtype == pipeline.text_encoder.dtype == torch.float32
    picture = Image.new("RGB", (64, 64), (200, 30, 40))
    painted = pipeline(
        prompt="a red skirt",
        image=picture,
        mask_image=Image.new("L", (64, 64), 255),
        num_inference_steps=2,
        height=64,
        width=64,
    ).images[0]
    assert painted.size == (64, 64)


def test_training_continues_from_exported_weights(base: Path, shards: Path, tmp_path: Path) -> None:
    export = export_of("unet", shards, tmp_path, base, steps=1, batch=1)
    parts = unet_parts.begin(export, from_nothing=False, seed=5)
    saved = StableDiffusionInpaintPipeline.from_pretrained(export, safety_checker=None)
    assert all(torch.equal(a, b) for a, b in zip(parts.unet.parameters(), saved.unet.parameters(), strict=True))
    assert parts.unet.dtype == torch.float32


def test_the_exported_segmenter_is_what_the_service_loads(shards: Path, tokens: Path, tmp_path: Path) -> None:
    export = export_of("segmenter", shards, tmp_path, tokens, optimizer="muon")
    loaded = Segmenter.load(export)
    probability = loaded.probability(Image.new("RGB", (80, 120)), "a skirt")
    assert probability.shape == (120, 80)
    assert json.loads((export / "preprocessor_config.json").read_text())["size"] == {"height": SIDE, "width": SIDE}
    assert (export / "model.safetensors").stat().st_size < 2_000_000


def test_a_batch_means_the_same_however_it_is_shared(shards: Path, base: Path, tokens: Path) -> None:
    data, words = open_shards(str(shards)), Words(tokens, segmenter.POSITIONS)
    parts = unet_parts.begin(base, from_nothing=True, seed=0)
    learners: list[ShardLearner[Any]] = [
        vae.AutoencoderLearner(vae.begin(data, None, seed=0)),
        unet.PaintingLearner(parts, tokens, PretrainHyperparameters()),
        segmenter.SegmentingLearner(data.vocabulary, segmenter.begin(words, None, seed=0), words, tokens),
    ]
    for learner in learners:
        whole = learner.losses(learner.batch(draw(data, 5, range(4))))
        halves = [learner.losses(learner.batch(draw(data, 5, range(start, 4, 2)))) for start in (0, 1)]
        assert torch.allclose(whole[0::2], halves[0], atol=1e-5)
        assert torch.allclose(whole[1::2], halves[1], atol=1e-5)
        torch.autograd.backward(whole.mean())
        needed = [(name, p) for name, p in learner.trained.named_parameters() if p.requires_grad]
        assert [name for name, parameter in needed if parameter.grad is None] == []


def test_pictures_become_tensors_between_minus_one_and_one() -> None:
    black, white = np.zeros((2, 2, 3), np.uint8), np.full((2, 2, 3), 255, np.uint8)
    tensor = pixels([black, white])
    assert tensor.shape == (2, 3, 2, 2)
    assert (tensor[0].tolist(), tensor[1].tolist()) == ([[[-1.0] * 2] * 2] * 3, [[[1.0] * 2] * 2] * 3)

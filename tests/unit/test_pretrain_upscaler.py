"""The upscaler's starting weights are what they claim, and its export is what diffusers loads."""

from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionUpscalePipeline
from PIL import Image
from torch import Tensor, nn

from atelier_training.data.sampling import draw, pixels
from atelier_training.data.shards import open_shards
from atelier_training.learners import upscaler
from atelier_training.learners.patch_autoencoder import PatchCode
from atelier_training.learners.upscaler_model import (
    LATENTS,
    linear_map,
    noise_of_small_pictures,
    patch_code,
    upscaler_autoencoder,
    upscaling_unet,
)
from tests.unit.pretrain_run import export_of
from tests.unit.pretrain_shards import write_shards, write_tokenizer


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tokenizer(tmp_path_factory.mktemp("base") / "tokenizer")


def base_of(tokens: Path) -> Path:
    """A base model that has a tokenizer alone."""
    return tokens.parent


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shards(tmp_path_factory.mktemp("shards"))


@pytest.fixture(scope="module")
def pictures(shards: Path) -> Tensor:
    """Cut-outs of drawn figures, (16, 3, 96, 96) in -1..1."""
    return pixels([upscaler.cut_out(one.sample, one.rng) for one in draw(open_shards(str(shards)), 0, range(16))])


@pytest.fixture(scope="module")
def code(pictures: Tensor) -> PatchCode:
    return patch_code(pictures)


def by_hand(code: PatchCode, pictures: Tensor) -> Tensor:
    """Apply a code to each patch: (n, k, h/4, w/4)."""
    latents = nn.functional.conv2d(pictures, code.rows, stride=4)
    return latents - code.shift[:, None, None]


def test_the_encoder_carries_the_code_through_unchanged(code: PatchCode, pictures: Tensor) -> None:
    vae = upscaler_autoencoder(code, 96)
    for given in (pictures, -torch.ones(1, 3, 32, 48), pictures[:1, :, :8, :8]):
        expected = by_hand(code, given)
        usual = expected.abs() < 5  # what the code is made for; SiLU bends larger ones a little
        assert torch.allclose(upscaler.encode(vae, given)[usual], expected[usual], atol=0.02)


def test_latents_are_mean_colours_and_most_of_the_detail(code: PatchCode, pictures: Tensor) -> None:
    latents = by_hand(code, pictures)
    assert latents.mean((0, 2, 3)).abs().max() < 1e-3
    assert torch.allclose(latents.std((0, 2, 3)), torch.ones(LATENTS), atol=1e-3)
    matrix, shift = code.colour
    colours = torch.einsum("ck,nkhw->nchw", matrix, latents[:, :3]) + shift[:, None, None]
    assert torch.allclose(colours, upscaler.shrunk(pictures), atol=1e-5)
    detail = (latents / code.rows.flatten(1).norm(dim=1)[:, None, None])[:, 3:].pow(2).sum(1).mean()
    everything = (pictures - upscaler.shrunk(pictures).repeat_interleave(4, 2).repeat_interleave(4, 3)).pow(2)
    assert detail >= 0.97 * everything.sum(1).mean() * 16


def test_the_untrained_unet_enlarges_linearly_whatever_the_noise(code: PatchCode, pictures: Tensor) -> None:
    latents, small = by_hand(code, pictures), upscaler.shrunk(pictures)
    unet = upscaling_unet(latents, small)
    weight, shift = linear_map(latents, small)
    expected = nn.functional.conv2d(small, weight, shift, padding=1)
    noise = torch.randn_like(latents)
    for step, level in ((999, 20), (0, 300)):
        times, levels = torch.full((len(small),), step), torch.full((len(small),), level)
        with torch.no_grad():
            predicted = unet(torch.cat([noise, small], 1), times, torch.zeros(len(small), 1, 16), class_labels=levels)
        assert (predicted.sample - expected).pow(2).mean() < 0.01 * expected.pow(2).mean()
    inner = (slice(None), slice(3, None), slice(1, -1), slice(1, -1))
    assert (expected - latents)[inner].pow(2).mean() < 0.9 * latents[inner].pow(2).mean()


def test_the_pipelines_own_noise_level_is_about_one_of_255_levels() -> None:
    schedule = noise_of_small_pictures()
    noisy = schedule.add_noise(torch.zeros(1, 3, 64, 64), torch.randn(1, 3, 64, 64), torch.tensor([20]))
    assert noisy.std() * 127.5 == pytest.approx(1.3, abs=0.1)


def test_the_exported_pipeline_makes_a_picture_four_times_as_large(shards: Path, tokens: Path, tmp_path: Path) -> None:
    export = export_of("upscaler", shards, tmp_path, base_of(tokens))
    assert sum(path.stat().st_size for path in export.rglob("*") if path.is_file()) <= 2_000_000
    pipeline = StableDiffusionUpscalePipeline.from_pretrained(export)
    pipeline.set_progress_bar_config(disable=True)
    small = Image.new("RGB", (24, 32), (200, 30, 40))
    large = pipeline(prompt="a red skirt", image=small, num_inference_steps=2, guidance_scale=1).images[0]
    assert large.size == (96, 128)
    assert np.abs(np.asarray(large, float).mean((0, 1)) - (200, 30, 40)).max() < 20


def test_training_continues_from_exported_weights(shards: Path, tokens: Path, tmp_path: Path) -> None:
    export = export_of("upscaler", shards, tmp_path, base_of(tokens), steps=1, batch=1)
    parts = upscaler.begin(open_shards(str(shards)), tokens, export, seed=5)
    saved = StableDiffusionUpscalePipeline.from_pretrained(export)
    assert all(torch.equal(a, b) for a, b in zip(parts.unet.parameters(), saved.unet.parameters(), strict=True))
    assert all(torch.equal(a, b) for a, b in zip(parts.vae.parameters(), saved.vae.parameters(), strict=True))


def test_a_batch_means_the_same_however_it_is_shared(shards: Path, tokens: Path) -> None:
    data = open_shards(str(shards))
    learner = upscaler.UpscalingLearner(upscaler.begin(data, tokens, None, seed=0), tokens)
    with torch.no_grad():
        whole = learner.losses(learner.batch(draw(data, 1, range(4))))
        halves = [learner.losses(learner.batch(draw(data, 1, numbers))) for numbers in (range(2), range(2, 4))]
    assert torch.allclose(whole, torch.cat(halves), rtol=1e-4)


def test_a_sample_too_small_to_cut_from_is_named(tokens: Path, tmp_path: Path) -> None:
    sample = draw(open_shards(str(write_shards(tmp_path))), 0, [0])[0]
    narrow = type(sample.sample)(
        key="narrow",
        image=sample.sample.image.resize((96, 60)),
        labels=sample.sample.labels,
        captions=(),
        regions=(),
    )
    with pytest.raises(ValueError, match="sample narrow: 96x60 pixels; allowed: 96 or more"):
        upscaler.cut_out(narrow, sample.rng)

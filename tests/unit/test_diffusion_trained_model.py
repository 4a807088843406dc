"""What is trained of each family: all of it gets gradients, words are what the pipelines make of them, weights start exact."""

from pathlib import Path
from typing import Any

import pytest
import torch

from contracts.families import FAMILIES
from diffusion.family import find_family
from diffusion.lora_shape import LoraShape
from diffusion.sdxl import StableDiffusionXL
from diffusion.trained_model import TrainedModel, train_parts, trainable
from diffusion.trainee import Trainee, Words
from tests.unit.miniatures import RESOLUTION, save_miniature

TRAINABLE = [name for name, facts in FAMILIES.items() if "inpaint" in facts.tasks]
SIDE = RESOLUTION // 2
FRAMES = torch.tensor([[64.0, 48.0, 5.0, 3.0, 32.0, 32.0]])


def load(folder: Path, name: str, *, task: str = "inpaint", dtype: torch.dtype = torch.float32) -> Trainee:
    save_miniature(folder, name, task=task)
    family = find_family(name, Trainee)  # type: ignore[type-abstract]
    return family.load(folder, device="cpu", dtype=dtype, checker=False)


def train(family: Trainee, method: str, *, text: bool = False, checkpointing: bool = False) -> TrainedModel:
    lora = LoraShape(rank=2, alpha=2) if method == "lora" else None
    return train_parts(family, lora=lora, train_text_encoder=text, gradient_checkpointing=checkpointing)


def batch(words: Words) -> tuple[Any, ...]:
    torch.manual_seed(0)
    noisy, masks, masked = torch.randn(1, 4, SIDE, SIDE), torch.ones(1, 1, SIDE, SIDE), torch.randn(1, 4, SIDE, SIDE)
    return noisy, masks, masked, torch.tensor([500]), {name: row[None] for name, row in words.items()}, FRAMES


@pytest.mark.parametrize("name", TRAINABLE)
@pytest.mark.parametrize("method", ["lora", "full"])
@pytest.mark.parametrize("text", [False, True])
def test_everything_that_is_trained_gets_a_gradient_and_nothing_else(
    tmp_path: Path, name: str, method: str, text: bool
) -> None:
    family = load(tmp_path, name)
    words = family.encode_words(["a skirt"], as_ids=text)["a skirt"]
    model = train(family, method, text=text)
    model(*batch(words)).square().mean().backward()
    assert [key for key, each in model.named_parameters() if (each.grad is not None) != each.requires_grad] == []
    assert set(model.parts) == {"unet", *(family.tokenizers if text else ())}
    assert family.pipeline.vae is None
    if method == "lora":
        assert all("lora_" in key for key in trainable(model))


@pytest.mark.parametrize("name", TRAINABLE)
def test_words_are_encoded_as_the_pipeline_encodes_them(tmp_path: Path, name: str) -> None:
    family = load(tmp_path, name)
    words = family.encode_words(["a skirt", "b", "a skirt"], as_ids=False)
    assert set(words) == {"a skirt", "b"}
    with torch.no_grad():
        own = family.pipeline.encode_prompt(
            "a skirt", device="cpu", num_images_per_prompt=1, do_classifier_free_guidance=False
        )
    assert torch.equal(words["a skirt"]["states"], own[0][0])
    if "pooled" in words["a skirt"]:
        assert torch.equal(words["a skirt"]["pooled"], own[2][0])
    ids = family.encode_words(["a skirt"], as_ids=True)["a skirt"]
    with torch.no_grad():
        again = family.words({encoder: row[None] for encoder, row in ids.items()})
    assert all(torch.equal(again[key][0], value) for key, value in words["a skirt"].items())


def test_a_frame_reaches_sdxl_as_the_pipelines_time_ids(tmp_path: Path) -> None:
    family = load(tmp_path, "sdxl", task="text-to-image")
    assert isinstance(family, StableDiffusionXL)
    pipeline = family.pipeline
    own = pipeline._get_add_time_ids((64, 48), (5, 3), (32, 32), torch.float32, text_encoder_projection_dim=12)
    assert torch.equal(own, FRAMES)
    words = {key: row[None] for key, row in family.encode_words(["a"], as_ids=False)["a"].items()}
    noisy, times = torch.randn(1, 4, SIDE, SIDE), torch.tensor([500])
    with torch.no_grad():
        added = {"text_embeds": words["pooled"], "time_ids": own}
        expected = pipeline.unet(noisy, times, words["states"], added_cond_kwargs=added).sample
        assert torch.equal(family.predict(noisy, times, words, FRAMES), expected)
        assert not torch.allclose(family.predict(noisy, times, words, FRAMES + 8), expected)


@pytest.mark.parametrize("task", ["inpaint", "text-to-image"])
def test_only_an_inpainting_denoiser_is_given_the_mask(tmp_path: Path, task: str) -> None:
    family = load(tmp_path, "sd1", task=task)
    noisy, masks, masked = torch.zeros(1, 4, 2, 2), torch.ones(1, 1, 2, 2), torch.full((1, 4, 2, 2), 2.0)
    levels = family.denoiser_inputs(noisy, masks, masked)[0, :, 0, 0].tolist()
    assert levels == ([0, 0, 0, 0, 1, 2, 2, 2, 2] if task == "inpaint" else [0, 0, 0, 0])


@pytest.mark.parametrize("name", TRAINABLE)
def test_pictures_are_encoded_the_same_whatever_the_precision_leaves_of_them(tmp_path: Path, name: str) -> None:
    pixels = torch.rand(2, 3, RESOLUTION, RESOLUTION) * 2 - 1
    latents = load(tmp_path / "a", name).encode_pictures(pixels)
    assert latents.shape == (2, 4, SIDE, SIDE)
    rough = load(tmp_path / "b", name, dtype=torch.bfloat16)
    assert torch.allclose(rough.encode_pictures(pixels), latents, atol=0.05)
    assert rough.pipeline.vae.dtype == torch.bfloat16


@pytest.mark.parametrize("name", TRAINABLE)
def test_full_training_starts_from_the_weights_as_they_were_saved_even_where_the_rest_is_in_half_precision(
    tmp_path: Path, name: str
) -> None:
    exact = load(tmp_path, name).pipeline.unet.state_dict()
    rounded = find_family(name, Trainee).load(  # type: ignore[type-abstract]
        tmp_path, device="cpu", dtype=torch.bfloat16, checker=False
    )
    assert any(not torch.equal(value.float(), exact[key]) for key, value in rounded.pipeline.unet.state_dict().items())
    model = train(rounded, "full", text=True, checkpointing=True)
    assert all(torch.equal(value, exact[key]) for key, value in model.parts["unet"].state_dict().items())
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}


@pytest.mark.parametrize("name", TRAINABLE)
@pytest.mark.parametrize("method", ["lora", "full"])
def test_a_step_in_mixed_precision_trains_in_single_precision(tmp_path: Path, name: str, method: str) -> None:
    family = load(tmp_path, name, dtype=torch.bfloat16)
    words = family.encode_words(["a skirt"], as_ids=True)["a skirt"]
    model = train(family, method, text=True, checkpointing=True)
    with torch.autocast("cpu", torch.bfloat16):
        loss = model(*batch(words)).float().square().mean()
    loss.backward()
    assert bool(loss.isfinite())
    assert {each.grad.dtype for each in trainable(model).values() if each.grad is not None} == {torch.float32}


def test_a_loras_own_matrices_are_in_single_precision_beside_half_precision_weights(tmp_path: Path) -> None:
    model = train(load(tmp_path, "sd1", dtype=torch.bfloat16), "lora")
    assert {parameter.dtype for parameter in trainable(model).values()} == {torch.float32}
    assert {each.dtype for each in model.parameters() if not each.requires_grad} == {torch.bfloat16}

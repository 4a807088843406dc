"""A UNet is trained among a base model's parts, whatever it predicts and whether or not it takes a mask."""

from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import (
    DDIMScheduler,
    DiffusionPipeline,
    StableDiffusionInpaintPipeline,
    StableDiffusionPipeline,
    UNet2DConditionModel,
)

from atelier_training.data.sampling import draw
from atelier_training.data.shards import open_shards
from atelier_training.learners import vae
from atelier_training.learners.unet import PaintingLearner
from atelier_training.learners.unet_parts import Parts, begin, save_pipeline
from contracts.errors import InvalidInputError
from contracts.pretrain_hyperparameters import PretrainHyperparameters
from tests.unit.pretrain_shards import write_shards, write_tokenizer


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shards(tmp_path_factory.mktemp("shards"))


@pytest.fixture(scope="module")
def fresh(shards: Path, tmp_path_factory: pytest.TempPathFactory) -> Parts:
    """The small family's untrained parts."""
    folder = tmp_path_factory.mktemp("parts")
    vae.begin(open_shards(str(shards)), None, seed=0).save_pretrained(folder / "vae")
    write_tokenizer(folder / "tokenizer")
    return begin(folder, from_nothing=True, seed=0)


def save(parts: Parts, folder: Path, prediction: str, channels: int) -> Path:
    """Write a base model whose UNet has other input channels and another prediction than the small family's."""
    torch.manual_seed(0)
    unet = UNet2DConditionModel(
        sample_size=16,
        in_channels=channels,
        out_channels=4,
        cross_attention_dim=64,
        block_out_channels=(8, 16),
        layers_per_block=1,
        norm_num_groups=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
    )
    scheduler = DDIMScheduler(prediction_type=prediction, steps_offset=1, clip_sample=False)
    changed = Parts(vae=parts.vae, unet=unet, text_encoder=parts.text_encoder, words=parts.words, scheduler=scheduler)
    kind = StableDiffusionInpaintPipeline if changed.inpaints else StableDiffusionPipeline
    others = {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
    tokenizer = Path(parts.words.tokenizer.name_or_path)
    save_pipeline(kind, folder, changed, tokenizer, scheduler=scheduler, **others)
    return folder


def learner(base: Path, **options: Any) -> tuple[Parts, PaintingLearner]:
    parts = begin(base, **{"from_nothing": False, "seed": 1} | options)
    return parts, PaintingLearner(parts, base / "tokenizer", PretrainHyperparameters())


@pytest.mark.parametrize(
    ("prediction", "channels", "pipeline"),
    [("epsilon", 4, "StableDiffusionPipeline"), ("v_prediction", 9, "StableDiffusionInpaintPipeline")],
)
def test_a_base_model_is_trained_further_and_exported_as_its_own_kind(
    fresh: Parts, shards: Path, tmp_path: Path, prediction: str, channels: int, pipeline: str
) -> None:
    parts, learning = learner(save(fresh, tmp_path / "base", prediction, channels))
    assert parts.side == 32
    losses = learning.losses(learning.batch(draw(open_shards(str(shards)), 0, range(4))))
    torch.autograd.backward(losses.mean())
    assert losses.shape == (4,)
    assert losses.isfinite().all()
    assert all(parameter.grad is not None for parameter in parts.unet.parameters())
    learning.export(tmp_path / "export")
    loaded: Any = DiffusionPipeline.from_pretrained(tmp_path / "export", safety_checker=None)
    assert type(loaded).__name__ == pipeline
    assert loaded.scheduler.config.prediction_type == prediction
    written = "".join(path.read_text() for path in (tmp_path / "export").rglob("*.json"))
    assert str(tmp_path) not in written, "the export names a folder of the machine that trained it"


@pytest.mark.parametrize("prediction", ["epsilon", "sample", "v_prediction"])
def test_the_loss_is_zero_where_the_unet_answers_rightly(
    fresh: Parts, shards: Path, tmp_path: Path, prediction: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts, learning = learner(save(fresh, tmp_path, prediction, 4))
    batch = learning.batch(draw(open_shards(str(shards)), 0, range(4)))
    with torch.no_grad():
        latents = parts.vae.encode(batch.pixels).latent_dist.mode()
    kept = parts.scheduler.alphas_cumprod[batch.timesteps].view(-1, 1, 1, 1)
    right = {
        "epsilon": batch.noise,
        "sample": latents,
        "v_prediction": kept.sqrt() * batch.noise - (1 - kept).sqrt() * latents,
    }
    monkeypatch.setattr(parts.unet, "forward", lambda *_: Answer(right[prediction]))
    assert learning.losses(batch).max() < 1e-8
    monkeypatch.setattr(parts.unet, "forward", lambda *_: Answer(right[prediction] + 1))
    assert torch.allclose(learning.losses(batch), torch.ones(4), atol=1e-4)


class Answer:
    """What a UNet returns."""

    def __init__(self, sample: torch.Tensor) -> None:
        self.sample = sample


def test_from_nothing_gives_the_unet_new_weights_and_leaves_the_text_encoder_alone(
    fresh: Parts, tmp_path: Path
) -> None:
    base = save(fresh, tmp_path, "epsilon", 4)
    again, _ = learner(base)
    anew, learning = learner(base, from_nothing=True)
    assert not torch.equal(again.unet.conv_in.weight, anew.unet.conv_in.weight)
    assert again.unet.conv_in.weight.shape == anew.unet.conv_in.weight.shape
    assert not any(p.requires_grad for p in anew.text_encoder.parameters())
    assert all(
        torch.equal(a, b) for a, b in zip(again.text_encoder.parameters(), anew.text_encoder.parameters(), strict=True)
    )
    assert any(p.requires_grad for p in learning.trained.parameters())


def test_a_unet_with_other_inputs_is_refused(fresh: Parts, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"base model's UNet: got '?7 input channels"):
        begin(save(fresh, tmp_path, "epsilon", 7), from_nothing=False, seed=0)

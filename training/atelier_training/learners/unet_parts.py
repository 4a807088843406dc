"""The modules that a UNet is trained among: new small ones, or those of a base model."""

import copy
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    UNet2DConditionModel,
)
from transformers import CLIPTextModel

from atelier_training.learners.analytic import join_pairs, pass_inputs
from atelier_training.learners.text import Words, load_in_single_precision, text_encoder
from contracts.errors import InvalidInputError

SIDE = 64
"""Pixels of the small family's pictures."""
TEXT = {"width": 64, "layers": 2, "positions": 32}
WIDTHS = (24, 64, 112)
LATENTS = 4

_TIME_WIDTH = 128


@dataclass(frozen=True, kw_only=True)
class Parts:
    """A pipeline's modules. The UNet is trained, the text encoder where `trains_text` says so, the autoencoder never."""

    vae: AutoencoderKL
    unet: UNet2DConditionModel
    text_encoder: CLIPTextModel
    words: Words
    scheduler: DDIMScheduler
    trains_text: bool = True

    @property
    def latent_shape(self) -> tuple[int, int, int]:
        """Channels, height and width of one picture's latents."""
        return self.vae.config.latent_channels, self.unet.config.sample_size, self.unet.config.sample_size

    @property
    def side(self) -> int:
        """Pixels of the square pictures."""
        return int(self.unet.config.sample_size * _shrinking(self.vae))

    @property
    def inpaints(self) -> bool:
        """Whether the UNet is given a mask and the masked picture besides the noisy latents."""
        return bool(self.unet.config.in_channels == 2 * self.vae.config.latent_channels + 1)


def save_pipeline(kind: Any, folder: Path, parts: Any, tokenizer: Path, **others: Any) -> None:
    """Write half-precision copies of ``parts`` as a pipeline of ``kind``, with the files of the folder ``tokenizer`` as they are.

    Small text encoders compute in single precision when loaded.
    """
    copies = {name: copy.deepcopy(getattr(parts, name)).half().eval() for name in ("vae", "text_encoder", "unet")}
    for part in (copies["vae"], copies["unet"]):
        if "_name_or_path" in part.config:
            part.register_to_config(_name_or_path=None)  # the folder on this machine that its weights were loaded from
    kind(**copies, tokenizer=parts.words.tokenizer, **others).save_pretrained(folder)
    load_in_single_precision(folder / "text_encoder" / "config.json")
    shutil.copytree(tokenizer, folder / "tokenizer", dirs_exist_ok=True)


def begin(base: Path, *, from_nothing: bool, seed: int) -> Parts:
    """Load a base model's parts; `from_nothing` gives its UNet new weights, and keeps its text encoder as it is.

    Around a base that has an autoencoder and a tokenizer alone, the small family's UNet and text encoder are built, both to be trained.
    Raises InvalidInputError for a UNet that asks for more than latents, words and a mask.
    """
    torch.manual_seed(seed)
    if not (base / "unet").is_dir():
        return _small_family(base)
    text, vae = load_text_encoder(base), load_vae(base)
    known = UNet2DConditionModel.load_config(base / "unet")
    _require_known_inputs(known, vae.config.latent_channels)
    return Parts(
        vae=vae,
        unet=UNet2DConditionModel.from_config(known) if from_nothing else load_unet(base),
        text_encoder=text,
        words=Words(base / "tokenizer", text.config.max_position_embeddings),
        scheduler=DDIMScheduler.from_pretrained(base / "scheduler"),
        trains_text=not from_nothing,
    )


def _small_family(base: Path) -> Parts:
    words, vae = Words(base / "tokenizer", TEXT["positions"]), load_vae(base)
    text = text_encoder(words, **TEXT)
    unet = inpainting_unet(side=SIDE // _shrinking(vae), text_width=TEXT["width"])
    return Parts(vae=vae, unet=unet, text_encoder=text, words=words, scheduler=scheduler())


def _require_known_inputs(unet: Mapping[str, Any], latents: int) -> None:
    if unet["in_channels"] not in {latents, 2 * latents + 1} or unet.get("addition_embed_type") not in {None, "text"}:
        got = f"{unet['in_channels']} input channels, addition_embed_type {unet.get('addition_embed_type')}"
        allowed = f"{latents} or {2 * latents + 1} channels, of the Stable Diffusion 1 or 2 kind"
        raise InvalidInputError("base model's UNet", got=got, allowed=allowed)


def load_vae(base: Path) -> AutoencoderKL:
    """The autoencoder of a pipeline's folder, in single precision."""
    return AutoencoderKL.from_pretrained(base / "vae", torch_dtype=torch.float32)


def load_unet(base: Path) -> UNet2DConditionModel:
    """Its UNet, in single precision."""
    return UNet2DConditionModel.from_pretrained(base / "unet", torch_dtype=torch.float32)


def load_text_encoder(base: Path) -> CLIPTextModel:
    """Its text encoder, in single precision."""
    return CLIPTextModel.from_pretrained(base / "text_encoder", dtype=torch.float32)


def _shrinking(vae: AutoencoderKL) -> int:
    return int(2 ** (len(vae.config.block_out_channels) - 1))


def inpainting_unet(*, side: int, text_width: int, widths: tuple[int, int, int] = WIDTHS) -> UNet2DConditionModel:
    """Build the small UNet for latents of `side`; inputs are the noisy latents, the mask, the latents of the masked picture.

    It predicts the clean latents ('sample'). The path that copies the masked picture's latents from the input to the output is set by
    hand, so that training is spent on what the mask hides.
    """
    unet = UNet2DConditionModel(
        sample_size=side,
        in_channels=2 * LATENTS + 1,
        out_channels=LATENTS,
        cross_attention_dim=text_width,
        block_out_channels=widths,
        layers_per_block=1,
        # Attention to the words at 8 x 8 alone: at 16 x 16 it would take as long as all the convolutions there.
        down_block_types=("DownBlock2D", "DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D", "UpBlock2D"),
        attention_head_dim=4,
        time_embedding_dim=_TIME_WIDTH,
        norm_num_groups=1,
        resnet_time_scale_shift="scale_shift",
        # The pooled text is added to the time embedding: without it this small a model does not obey colours.
        addition_embed_type="text",
        addition_embed_type_num_heads=4,
    )
    noisy, mask, masked = range(LATENTS), LATENTS, range(LATENTS + 1, 2 * LATENTS + 1)
    with torch.no_grad():
        pass_inputs(unet, [*masked, *noisy, mask], pairs=LATENTS)
        join_pairs(unet.conv_out, LATENTS)
    return unet


def scheduler() -> DDIMScheduler:
    """Return the noise schedule: zero terminal SNR with trailing steps, so that few steps start from pure noise."""
    return DDIMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        clip_sample=False,
        set_alpha_to_one=False,
        steps_offset=1,
        prediction_type="sample",
        rescale_betas_zero_snr=True,
        timestep_spacing="trailing",
    )

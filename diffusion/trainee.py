"""Families that can be fine-tuned: how pictures and words reach the denoiser, and how what it learnt is saved."""

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import torch
from diffusers import DDPMScheduler
from peft.utils import get_peft_model_state_dict
from torch import Tensor

from diffusion.family import Family
from diffusion.painter import Painter

ATTENTION = ("to_q", "to_k", "to_v", "to_out.0", "q_proj", "k_proj", "v_proj", "out_proj")
"""The layers of attention, by their names in diffusers and in transformers."""

Words = Mapping[str, Tensor]
"""One caption or a batch of them, either tokenized or encoded; each family has its own names."""


class LearningFamily(Family):
    """A model that can be fine-tuned: by LoRA or every weight."""

    denoiser: ClassVar[str] = "unet"
    tokenizers: ClassVar[Mapping[str, str]]
    """The tokenizer of each text encoder, both by their names in the pipeline."""
    lora_targets: ClassVar[Mapping[str, Sequence[str]]]
    """The layers of each part that a LoRA is put on."""

    encodes_in_single_precision: ClassVar[bool] = False
    """Whether the autoencoder overflows in half precision."""

    def noise_schedule(self) -> Any:
        """The scheduler that mixes noise into latents in training (``add_noise``, ``config``)."""
        return DDPMScheduler.from_config(self.pipeline.scheduler.config)

    @torch.no_grad()
    def encode_pictures(self, pixels: Tensor) -> Tensor:
        """Pictures (n, 3, h, w) in -1..1 as latents (n, c, h / f, w / f) in float32, on the CPU; f is 8, of an upscaler 4."""
        vae, dtype = self.pipeline.vae, self.pipeline.vae.dtype
        if self.encodes_in_single_precision:
            vae.float()
        posterior = vae.encode(pixels.to(vae.device, vae.dtype)).latent_dist
        scaled: Tensor = posterior.mode() * vae.config.scaling_factor
        vae.to(dtype)
        return scaled.float().cpu()

    def only_encode(self) -> None:
        """Let go of the half of the autoencoder that paints: while a model learns, nothing is decoded."""
        self.pipeline.vae.decoder = self.pipeline.vae.post_quant_conv = None

    @torch.no_grad()
    def encode_words(self, captions: Iterable[str], *, as_ids: bool) -> dict[str, Words]:
        """Each distinct caption on the CPU: encoded, or as token ids where the text encoders are trained."""
        encoded: dict[str, Words] = {}
        for caption in sorted(set(captions)):
            ids = {encoder: self._ids(tokenizer, caption) for encoder, tokenizer in self.tokenizers.items()}
            words = ids if as_ids else self.words({name: tokens.to(self.device) for name, tokens in ids.items()})
            encoded[caption] = {name: row[0] if as_ids else row[0].float().cpu() for name, row in words.items()}
        return encoded

    @abstractmethod
    def words(self, ids: Words) -> Words:
        """Token ids (n, tokens) a text encoder, encoded as the denoiser takes them; gradients flow."""

    def idle(self, part: str) -> Sequence[str]:
        """What is in the names of a part's parameters that nothing which the denoiser predicts depends on: they are not trained."""
        return ()

    def save_adapter(self, parts: Mapping[str, Any], folder: Path) -> None:
        """Write the LoRAs of ``parts`` as one file that plain diffusers loads, with what they were configured with."""
        layers = {f"{name}_lora_layers": get_peft_model_state_dict(part) for name, part in parts.items()}
        metadata = {
            f"{name}_lora_adapter_metadata": part.peft_config["default"].to_dict() for name, part in parts.items()
        }
        type(self.pipeline).save_lora_weights(folder, **layers, **metadata)

    def _ids(self, tokenizer: str, caption: str) -> Tensor:
        own = getattr(self.pipeline, tokenizer)
        options = {"padding": "max_length", "max_length": own.model_max_length, "truncation": True}
        ids: Tensor = own(caption, return_tensors="pt", **options).input_ids  # (1, tokens)
        return ids


class Trainee(LearningFamily, Painter):
    """A model whose denoiser, and where wanted its text encoders, can be fine-tuned: by LoRA or every weight."""

    ability: ClassVar[str] = "can be fine-tuned"

    @abstractmethod
    def predict(self, inputs: Tensor, timesteps: Tensor, words: Words, frames: Tensor) -> Tensor:
        """What the denoiser predicts (n, c, h, w).

        ``inputs`` are from ``denoiser_inputs``; ``timesteps`` (n,); ``words`` are encoded; ``frames`` (n, 6) are height and width of
        the photo, top and left of the crop, height and width of what is trained on, in pixels.
        """

    def denoiser_inputs(self, noisy: Tensor, masks: Tensor, masked: Tensor) -> Tensor:
        """Noisy latents (n, c, h, w) and, for an inpainting model, masks (n, 1, h, w) and the latents of what is outside them."""
        return torch.cat([noisy, masks, masked], dim=1) if self.inpaints else noisy

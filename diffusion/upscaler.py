"""Stable Diffusion's x4 upscaler: a UNet that sees the small picture beside the noise."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import torch
from PIL import Image
from torch import Tensor

from contracts.sampling import Sampling
from diffusion.lora import Mix
from diffusion.schedulers import make_scheduler
from diffusion.sd1 import UNET_TARGETS
from diffusion.trainee import LearningFamily, Words


class Upscaler(LearningFamily):
    """Makes pictures ``FACTOR`` times as large."""

    ability: ClassVar[str] = "enlarges pictures"
    pipelines: ClassVar = ("StableDiffusionUpscalePipeline",)
    without_checker: ClassVar[Mapping[str, Any]] = {"safety_checker": None}

    step_callback: ClassVar[str] = "callback"
    encodes_in_single_precision: ClassVar[bool] = True
    tokenizers: ClassVar[Mapping[str, str]] = {"text_encoder": "tokenizer"}
    lora_targets: ClassVar[Mapping[str, Sequence[str]]] = {"unet": UNET_TARGETS}

    FACTOR: ClassVar[int] = 4
    NOISE_LEVEL: ClassVar[int] = 20
    """The pipeline's own default."""

    @property
    def most_noise(self) -> int:
        """The largest noise level that the model knows."""
        return int(self.pipeline.config.max_noise_level)

    def enlarge(
        self,
        *,
        pictures: Sequence[Image.Image],
        prompts: Sequence[str],
        seeds: Sequence[int],
        sampling: Sampling,
        negative_prompts: Sequence[str] = (),
        noise_level: int = NOISE_LEVEL,
        adapters: Sequence[Mix] = (),
    ) -> list[Image.Image]:
        """Each RGB picture four times as large; all of one size, whose sides are multiples of 8.

        ``noise_level`` (0 to ``most_noise``) is how much noise is put on the small picture first: the more, the more is invented.
        ``adapters`` are each row's.
        """
        return self.run(
            self.pipeline,
            seeds,
            sampling,
            adapters,
            image=list(pictures),
            prompt=list(prompts),
            negative_prompt=list(negative_prompts) or [""] * len(prompts),
            noise_level=noise_level,
        )

    def words(self, ids: Words) -> Words:
        """See LearningFamily."""
        return {"states": self.pipeline.text_encoder(ids["text_encoder"])[0]}

    @property
    def predicts_pictures(self) -> bool:
        """Whether the denoiser predicts a picture's latents, and neither noise nor a mixture of both."""
        return bool(self.pipeline.scheduler.config.prediction_type == "sample")

    def decode(self, latents: Tensor) -> Tensor:
        """Pictures (n, 3, 4 h, 4 w), -1..1 as far as the autoencoder keeps to it, from latents (n, c, h, w); gradients flow."""
        vae = self.pipeline.vae
        painted: Tensor = vae.decode((latents / vae.config.scaling_factor).to(vae.dtype)).sample
        return painted.float()

    def timesteps(self, sampling: Sampling) -> tuple[int, ...]:
        """Those at which pictures are enlarged so."""
        scheduler = make_scheduler(self.pipeline.scheduler, sampling.scheduler)
        scheduler.set_timesteps(sampling.steps)
        return tuple(int(step) for step in scheduler.timesteps)

    def with_noise(self, small: Tensor, grain: Tensor, levels: Tensor) -> Tensor:
        """Small pictures (n, 3, h, w) with noise ``grain`` of ``levels`` (n,), as the pipeline mixes it in."""
        mixed: Tensor = self.pipeline.low_res_scheduler.add_noise(small, grain, levels)
        return mixed

    def predict(self, noisy: Tensor, small: Tensor, timesteps: Tensor, levels: Tensor, words: Words) -> Tensor:
        """What the denoiser predicts (n, c, h, w) of ``noisy`` latents, beside ``small`` pictures with noise of ``levels``."""
        inputs = torch.cat([noisy, small], 1)
        states = words["states"]
        predicted: Tensor = self.pipeline.unet(
            inputs, timesteps, encoder_hidden_states=states, class_labels=levels
        ).sample
        return predicted


FAMILY = Upscaler

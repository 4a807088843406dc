"""Stable Diffusion XL (Podell et al. 2023, arXiv:2307.01952): two text encoders, and a UNet that is told sizes and a crop."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import torch

from diffusion.painter import Painter


class StableDiffusionXL(Painter):
    """4 channels from words, 9 for inpainting. It has no safety checker."""

    text_to_image: ClassVar[str] = "StableDiffusionXLPipeline"
    image_to_image: ClassVar[str] = "StableDiffusionXLImg2ImgPipeline"
    inpainting: ClassVar[str] = "StableDiffusionXLInpaintPipeline"
    pipelines: ClassVar = (text_to_image, inpainting)
    without_checker: ClassVar[Mapping[str, Any]] = {}

    @torch.no_grad()
    def _words(self, prompts: Sequence[str], negative_prompts: Sequence[str]) -> dict[str, Any]:
        negatives = list(negative_prompts) or [""] * len(prompts)
        states, negative_states, pooled, negative_pooled = self.pipeline.encode_prompt(
            list(prompts), negative_prompt=negatives, device=self.pipeline.device
        )
        if self.pipeline.config.force_zeros_for_empty_prompt:
            # The pipeline does so only where no row has a negative prompt; a row must not depend on its neighbours.
            empty = torch.tensor([not words for words in negatives], device=states.device)
            negative_states = negative_states.masked_fill(empty[:, None, None], 0)
            negative_pooled = negative_pooled.masked_fill(empty[:, None], 0)
        return {
            "prompt_embeds": states,
            "negative_prompt_embeds": negative_states,
            "pooled_prompt_embeds": pooled,
            "negative_pooled_prompt_embeds": negative_pooled,
        }


FAMILY = StableDiffusionXL

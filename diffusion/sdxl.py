"""Stable Diffusion XL (Podell et al. 2023, arXiv:2307.01952): two text encoders, and a UNet that is told sizes and a crop."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor

from diffusion.lora import Mix
from diffusion.sd1 import TEXT_TARGETS, UNET_TARGETS
from diffusion.trainee import Trainee, Words


class StableDiffusionXL(Trainee):
    """4 channels from words, 9 for inpainting; it has no safety checker.

    Its words are ``states`` (n, tokens, features of both encoders) and the second encoder's ``pooled`` (n, width).
    """

    text_to_image: ClassVar[str] = "StableDiffusionXLPipeline"
    image_to_image: ClassVar[str] = "StableDiffusionXLImg2ImgPipeline"
    inpainting: ClassVar[str] = "StableDiffusionXLInpaintPipeline"
    pipelines: ClassVar[Sequence[str]] = (inpainting, text_to_image)
    without_checker: ClassVar[Mapping[str, Any]] = {}
    encodes_in_single_precision: ClassVar[bool] = True
    tokenizers: ClassVar[Mapping[str, str]] = {"text_encoder": "tokenizer", "text_encoder_2": "tokenizer_2"}
    lora_targets: ClassVar[Mapping[str, Sequence[str]]] = {
        "unet": UNET_TARGETS,
        "text_encoder": TEXT_TARGETS,
        "text_encoder_2": TEXT_TARGETS,
    }

    def words(self, ids: Words) -> Words:
        """See Trainee. Both encoders give their last layer but one."""
        outputs = [getattr(self.pipeline, name)(ids[name], output_hidden_states=True) for name in self.tokenizers]
        return {"states": torch.cat([each.hidden_states[-2] for each in outputs], -1), "pooled": outputs[-1][0]}

    def idle(self, part: str) -> Sequence[str]:
        """See Trainee. Of the first encoder, whose pooled output nobody asks for, the last layer is not used."""
        if part != "text_encoder":
            return ()
        last = self.pipeline.text_encoder.config.num_hidden_layers - 1
        return (f"encoder.layers.{last}.", "final_layer_norm.")

    def predict(self, inputs: Tensor, timesteps: Tensor, words: Words, frames: Tensor) -> Tensor:
        """See Trainee; ``frames`` are the paper's size and crop conditioning, the pipelines' ``time_ids``."""
        added = {"text_embeds": words["pooled"], "time_ids": frames}
        prediction: Tensor = self.pipeline.unet(
            inputs, timesteps, encoder_hidden_states=words["states"], added_cond_kwargs=added
        ).sample
        return prediction

    def _encode(self, words: str) -> dict[str, Tensor]:
        states, _, pooled, _ = self.pipeline.encode_prompt(
            [words], device=self.pipeline.device, do_classifier_free_guidance=False
        )
        return {"prompt_embeds": states, "pooled_prompt_embeds": pooled}

    def _unwanted(self, words: str, mix: Mix) -> dict[str, Tensor]:
        encoded = super()._unwanted(words, mix)
        if words or not self.pipeline.config.force_zeros_for_empty_prompt:
            return encoded
        # The pipeline does so only where no row has a negative prompt; a row must not depend on its neighbours.
        return {name: torch.zeros_like(row) for name, row in encoded.items()}


FAMILY = StableDiffusionXL

"""Stable Diffusion 1.x, and every model of its shape: one CLIP text encoder, a UNet, an autoencoder."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from torch import Tensor

from diffusion.trainee import Trainee, Words

UNET_TARGETS = (
    *("to_q", "to_k", "to_v", "to_out.0", "proj_in", "proj_out"),
    *("ff.net.0.proj", "ff.net.2"),
    *("conv1", "conv2", "conv_shortcut", "conv", "conv_out"),
    *("time_emb_proj", "proj"),
)
"""Attention, feed-forward, convolutions and embeddings: a garment's texture lives in the convolutions, and where a model adds the pooled
text to the time step, its colours come through the embeddings."""
TEXT_TARGETS = ("q_proj", "k_proj", "v_proj", "out_proj")


class StableDiffusion1(Trainee):
    """4 channels from words, 9 for inpainting. Its words are ``states`` (n, tokens, features)."""

    text_to_image: ClassVar[str] = "StableDiffusionPipeline"
    image_to_image: ClassVar[str] = "StableDiffusionImg2ImgPipeline"
    inpainting: ClassVar[str] = "StableDiffusionInpaintPipeline"
    pipelines: ClassVar[Sequence[str]] = (inpainting, text_to_image)
    tokenizers: ClassVar[Mapping[str, str]] = {"text_encoder": "tokenizer"}
    lora_targets: ClassVar[Mapping[str, Sequence[str]]] = {"unet": UNET_TARGETS, "text_encoder": TEXT_TARGETS}

    def words(self, ids: Words) -> Words:
        """See Trainee."""
        return {"states": self.pipeline.text_encoder(ids["text_encoder"])[0]}

    def predict(self, inputs: Tensor, timesteps: Tensor, words: Words, frames: Tensor) -> Tensor:
        """See Trainee; this UNet is told no frames."""
        prediction: Tensor = self.pipeline.unet(inputs, timesteps, encoder_hidden_states=words["states"]).sample
        return prediction


FAMILY = StableDiffusion1

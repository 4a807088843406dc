"""Stable Diffusion 1.x, and every model of its shape: one CLIP text encoder, a UNet, an autoencoder."""

from typing import ClassVar

from diffusion.painter import Painter


class StableDiffusion1(Painter):
    """4 channels from words, 9 for inpainting."""

    text_to_image: ClassVar[str] = "StableDiffusionPipeline"
    image_to_image: ClassVar[str] = "StableDiffusionImg2ImgPipeline"
    inpainting: ClassVar[str] = "StableDiffusionInpaintPipeline"
    pipelines: ClassVar = (text_to_image, inpainting)


FAMILY = StableDiffusion1

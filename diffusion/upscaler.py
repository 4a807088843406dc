"""Stable Diffusion's x4 upscaler: a UNet that sees the small picture beside the noise. It is pretrained here, not fine-tuned."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from PIL import Image

from contracts.sampling import Sampling
from diffusion.family import Family


class Upscaler(Family):
    """Makes pictures ``FACTOR`` times as large."""

    ability: ClassVar[str] = "enlarges pictures"
    pipelines: ClassVar = ("StableDiffusionUpscalePipeline",)
    without_checker: ClassVar[Mapping[str, Any]] = {"safety_checker": None}

    step_callback: ClassVar[str] = "callback"

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
    ) -> list[Image.Image]:
        """Each RGB picture four times as large; all of one size, whose sides are multiples of 8.

        ``noise_level`` (0 to ``most_noise``) is how much noise is put on the small picture first: the more, the more is invented.
        """
        return self.run(
            self.pipeline,
            seeds,
            sampling,
            image=list(pictures),
            prompt=list(prompts),
            negative_prompt=list(negative_prompts) or [""] * len(prompts),
            noise_level=noise_level,
        )


FAMILY = Upscaler

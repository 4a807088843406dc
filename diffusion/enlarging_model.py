"""What is trained of an upscaler, as one module."""

from collections.abc import Mapping

from torch import Tensor, nn

from diffusion.trained_model import TrainedModel
from diffusion.trainee import Words
from diffusion.upscaler import Upscaler


class EnlargingModel(TrainedModel):
    """An upscaler's denoiser. Its text encoder is not trained: what is to be painted is seen in the small picture."""

    def __init__(self, family: Upscaler, parts: Mapping[str, nn.Module]) -> None:
        super().__init__(family, parts)
        self.upscaler = family

    def forward(self, noisy: Tensor, small: Tensor, timesteps: Tensor, levels: Tensor, words: Words) -> Tensor:  # type: ignore[override]
        """What the denoiser predicts (n, c, s, s) of ``noisy`` latents, beside ``small`` pictures (n, 3, s, s) with noise of ``levels``."""
        return self.upscaler.predict(noisy, small, timesteps, levels, words)

"""A UNet on latents, with its text encoder; a fully white mask makes an inpainting one paint a picture from text alone."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import StableDiffusionInpaintPipeline, StableDiffusionPipeline
from diffusers.models.attention_processor import AttnProcessor
from torch import Tensor, nn

from atelier_training.data.paintings import painting, timestep
from atelier_training.data.sampling import Drawn, keys, pixels
from atelier_training.learners.analytic import skip_silent_residuals
from atelier_training.learners.unet_parts import Parts, save_pipeline
from contracts.pretrain_hyperparameters import PretrainHyperparameters
from diffusion.noise import target


@dataclass(frozen=True, kw_only=True)
class Paintings:
    """Pictures (n, 3, r, r) in -1..1, masks (n, 1, r, r) of 0 and 1 where to paint, token ids (n, length) of captions.

    `weights` (n, 1, r, r) are of the errors at each pixel. `noise` has the shape of the latents and is mixed into them as
    `timesteps` (n,) say.
    """

    keys: tuple[str, ...]
    pixels: Tensor
    masks: Tensor
    weights: Tensor
    tokens: Tensor
    noise: Tensor
    timesteps: Tensor


class PaintingLearner:
    """Learns to paint what a caption says where the mask is white, and to keep the rest."""

    def __init__(self, parts: Parts, tokenizer: Path, tuned: PretrainHyperparameters) -> None:
        self._parts, self._tokenizer = parts, tokenizer
        self._gamma, self._text_share = tuned.min_snr_gamma, tuned.text_share
        parts.vae.requires_grad_(False).eval()
        parts.text_encoder.requires_grad_(parts.trains_text).train(parts.trains_text)
        if not torch.cuda.is_available():
            # As products: on a CPU the fused kernel's backward pass takes a third of the step at these sizes.
            parts.unet.set_attn_processor(AttnProcessor())
            parts.text_encoder.config._attn_implementation = "eager"
        encoder = copy.deepcopy(parts.vae)
        skip_silent_residuals(encoder)
        self.trained = nn.ModuleDict(
            {"unet": parts.unet.train(), "text_encoder": parts.text_encoder, "vae": parts.vae, "encoder": encoder}
        )

    def batch(self, drawn: Sequence[Drawn]) -> Paintings:
        """Cut views with a mask and a caption each, and draw what noise at which timestep hides them."""
        parts = self._parts
        paintings = [painting(one.sample, parts.side, one.rng, text_share=self._text_share) for one in drawn]
        noise = [one.rng.standard_normal(parts.latent_shape, np.float32) for one in drawn]
        total = parts.scheduler.config.num_train_timesteps
        return Paintings(
            keys=keys(drawn),
            pixels=pixels([one.view.pixels for one in paintings]),
            masks=torch.from_numpy(np.stack([one.mask for one in paintings]))[:, None].float(),
            weights=torch.from_numpy(np.stack([one.weights for one in paintings]))[:, None],
            tokens=parts.words([one.caption for one in paintings]),
            noise=torch.from_numpy(np.stack(noise)),
            timesteps=torch.tensor([timestep(total, one.rng) for one in drawn]),
        )

    def losses(self, batch: Paintings) -> Tensor:
        """Squared error of what the UNet predicts: clean latents, noise or velocity; weighted over the picture."""
        parts = self._parts
        text = parts.text_encoder(batch.tokens)[0]
        if parts.inpaints:
            latents, masked = self._encode(torch.cat([batch.pixels, batch.pixels * (batch.masks < 0.5)])).chunk(2)
            masks = nn.functional.interpolate(batch.masks, size=latents.shape[-2:])  # nearest, as the pipeline does
            noisy = parts.scheduler.add_noise(latents, batch.noise, batch.timesteps)
            inputs = torch.cat([noisy, masks, masked], 1)
        else:
            latents = self._encode(batch.pixels)
            masks = torch.ones_like(latents[:, :1])
            inputs = parts.scheduler.add_noise(latents, batch.noise, batch.timesteps)
        predicted = parts.unet(inputs, batch.timesteps, text).sample.float()
        expected = target(parts.scheduler, latents, batch.noise, batch.timesteps)
        weight = nn.functional.interpolate(batch.weights, size=latents.shape[-2:], mode="area")
        squared: Tensor = (predicted - expected).pow(2).mean(1, keepdim=True)
        weighted = (squared * weight).sum((1, 2, 3)) / weight.sum((1, 2, 3))
        return weighted * min_snr_weights(parts.scheduler, batch.timesteps, self._gamma)

    def export(self, folder: Path) -> None:
        """Write the whole pipeline in half precision, with the tokenizer's own files."""
        kind = StableDiffusionInpaintPipeline if self._parts.inpaints else StableDiffusionPipeline
        others = {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
        save_pipeline(kind, folder, self._parts, self._tokenizer, scheduler=self._parts.scheduler, **others)

    @torch.no_grad()
    def _encode(self, values: Tensor) -> Tensor:
        encoder: Any = self.trained["encoder"]
        with torch.autocast(values.device.type, enabled=False):  # the computed encoder needs single precision
            latents: Tensor = encoder.encode(values).latent_dist.mode() * encoder.config.scaling_factor
        return latents


def min_snr_weights(scheduler: Any, timesteps: Tensor, gamma: float) -> Tensor:
    """Return what to multiply each sample's squared error with, shape (n,): timesteps of little noise, which are easy, must not dominate.

    min-SNR weighting (Hang et al. 2023, arXiv:2303.09556) for a diffusers scheduler's prediction type.
    In terms of the clean picture it is min(SNR, gamma), with SNR = alpha_bar / (1 - alpha_bar); an error of the noise is
    1 / SNR of that and one of the velocity 1 / (SNR + 1). `gamma` 0 switches it off: ones. Raises ValueError for other
    prediction types.
    """
    if gamma == 0:
        return torch.ones(len(timesteps), device=timesteps.device)
    signal: Tensor = scheduler.alphas_cumprod.to(timesteps.device)[timesteps]
    snr: Tensor = signal / (1 - signal)
    prediction = scheduler.config.prediction_type
    if prediction == "sample":
        return snr.clamp(max=gamma)
    if prediction == "epsilon":
        return torch.as_tensor(gamma / snr.clamp(min=gamma))  # min(SNR, gamma) / SNR, also where SNR is 0
    if prediction == "v_prediction":
        return snr.clamp(max=gamma) / (snr + 1)
    raise ValueError(f"prediction_type: got {prediction!r}; allowed: sample, epsilon, v_prediction")

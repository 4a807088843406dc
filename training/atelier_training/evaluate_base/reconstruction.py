"""A VAE: how close held-out pictures come back through its latents."""

from collections.abc import Sequence

import numpy as np
import torch
from diffusers import AutoencoderKL
from PIL import Image

from atelier_training.data.shards import Sample
from atelier_training.evaluate_base.judged import Judged, Subject, levels, psnr, square
from imaging.sheet import SheetRow

SHOWN = 8


def judge(subject: Subject, samples: Sequence[Sample]) -> Judged:
    """Mean PSNR of the reconstructions, and the first of them."""
    part = subject.folder / "vae"
    folder = part if part.is_dir() else subject.folder
    vae = AutoencoderKL.from_pretrained(folder, torch_dtype=torch.float32, local_files_only=True)
    vae.eval().to(subject.device)
    rows, measured = [], []
    for sample in samples:
        truth = square(sample, subject.side)
        output = reconstruct(vae, truth, subject.device)
        measured.append(psnr(output, truth))
        rows.append(SheetRow(pictures=[truth, output], caption=f"{sample.key}: {measured[-1]:.1f} dB"))
    lead = "Pictures that were never trained on, before and after the way through the latents."
    metrics = {"psnr": float(np.mean(measured))}
    return Judged(metrics=metrics, columns=("held out", "reconstructed"), rows=rows[:SHOWN], lead=lead)


@torch.inference_mode()
def reconstruct(vae: AutoencoderKL, picture: Image.Image, device: torch.device) -> Image.Image:
    """One RGB picture encoded and decoded."""
    decoded = vae.decode(vae.encode(levels(picture, device)).latent_dist.mode()).sample[0]
    array = ((decoded.clamp(-1, 1) + 1) * 127.5).round().permute(1, 2, 0).cpu().numpy().astype(np.uint8)
    return Image.fromarray(array)

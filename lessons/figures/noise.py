"""Forward: a picture under more and more noise, as training mixes it in, and where too little is left to see."""

import torch
from torch import Tensor

from lessons.figures.card import Band, Panel, TeachingPicture
from lessons.figures.subjects import as_seen, dressed, shirt, skirt
from lessons.figures.workshop import SIDE, Workshop, latent_colours

TIMESTEPS = (0, 250, 500, 750, 999)
"""Of 1,000."""
_SEED = 1


def draw(workshop: Workshop) -> TeachingPicture:
    """The same picture and the same noise at five timesteps: the latents, and what the decoder makes of them."""
    picture = as_seen(dressed(3, shirt("yellow"), skirt("blue", "striped")).image, SIDE)
    clean = workshop.encode([picture])
    noisy, kept = mixed(workshop, clean)
    shares = [round(100 * share) for share in kept]
    latents = [
        Panel(picture=latent_colours(each[0]), words=[f"t = {step}"])
        for each, step in zip(noisy, TIMESTEPS, strict=True)
    ]
    decoded = [
        Panel(picture=workshop.decode(each)[0], words=[f"{share} %"], smooth=True)
        for each, share in zip(noisy, shares, strict=True)
    ]
    bands = [
        Band(title="the latent: picture and noise mixed", panels=latents, columns=len(TIMESTEPS)),
        Band(title="decoded, and how much of the picture is in the mix", panels=decoded, columns=len(TIMESTEPS)),
    ]
    numbers = {"timesteps": list(TIMESTEPS), "kept_percent": shares, "latent_deviation": round(float(clean.std()), 3)}
    return TeachingPicture(bands=bands, numbers=numbers)


def mixed(workshop: Workshop, clean: Tensor) -> tuple[list[Tensor], list[float]]:
    """A latent (1, 4, h, w) with the same noise at each of TIMESTEPS, as training mixes them, and the clean one's factor in each."""
    schedule = workshop.painter.noise_schedule()
    noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(_SEED))
    noisy = [schedule.add_noise(clean, noise, torch.tensor([step])) for step in TIMESTEPS]
    return noisy, [float(schedule.alphas_cumprod[step]) ** 0.5 for step in TIMESTEPS]

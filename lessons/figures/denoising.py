"""Backward: from noise to a picture in six steps, with what the UNet takes the clean picture for at each."""

from itertools import pairwise

import numpy as np
from PIL import Image
from torch import Tensor

from contracts.sampling import Sampling, guided_steps
from lessons.figures.card import PAPER, Band, Panel, TeachingPicture
from lessons.figures.workshop import LATENTS, SIDE, Seen, Workshop, latent_colours

PROMPT = "a photo of a woman wearing a red shirt and a long blue striped skirt"
SEED = 11


def draw(workshop: Workshop) -> TeachingPicture:
    """All of one picture from words alone: the latent that each step is given, and the guess that it makes of it."""
    sampling = workshop.sampling
    with workshop.watched() as seen:
        (painted,) = workshop.painter.paint(prompts=[PROMPT], seeds=[SEED], size=(SIDE, SIDE), sampling=sampling)
    guesses = [guess(each, sampling) for each in seen]
    decoded = [workshop.decode(each)[0] for each in guesses]
    panels = [
        Panel(
            picture=_beside(latent_colours(each.given[-1, :LATENTS]), picture), words=[f"step {n}, t = {each.timestep}"]
        )
        for n, (each, picture) in enumerate(zip(seen, decoded, strict=True), start=1)
    ]
    moved = [float((after - before).square().mean().sqrt()) for before, after in pairwise(guesses)]
    numbers = {
        "steps": sampling.steps,
        "guided_steps": guided_steps(sampling.steps, sampling.guidance_until),
        "guidance": sampling.guidance,
        "rows": sum(each.given.shape[0] for each in seen),
        "first_change": round(moved[0], 2),
        "last_change": round(moved[-1], 2),
        "prompt": PROMPT,
        "last_guess_apart": int(np.abs(np.asarray(decoded[-1], int) - np.asarray(painted, int)).max()),
    }
    band = Band(title="left: what a step is given · right: its guess, decoded", panels=panels, columns=2)
    return TeachingPicture(bands=[band], numbers=numbers)


def guess(seen: Seen, sampling: Sampling) -> Tensor:
    """The clean latent (1, 4, h, w) that a step takes its noisy one for; where it is guided, as guidance has it."""
    if seen.predicted.shape[0] == 1:
        return seen.predicted
    without, with_words = seen.predicted.chunk(2)
    return without + sampling.guidance * (with_words - without)


def _beside(*pictures: Image.Image) -> Image.Image:
    side = max(each.width for each in pictures)
    sheet = Image.new("RGB", (side * len(pictures) + 2 * (len(pictures) - 1), side), PAPER)
    for index, each in enumerate(pictures):
        sheet.paste(each.resize((side, side), Image.Resampling.NEAREST), (index * (side + 2), 0))
    return sheet

"""Every teaching picture, by the name of its file."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lessons.figures import (
    attention,
    autoencoder,
    channels,
    denoising,
    garment,
    guidance,
    noise,
    pasting,
    words_to_mask,
)
from lessons.figures.card import TeachingPicture, save_card
from lessons.figures.workshop import Workshop

PICTURES = Path(__file__).parents[2] / "docs" / "pictures" / "learn"
FIGURES: Mapping[str, Callable[[Workshop], TeachingPicture]] = {
    "autoencoder": autoencoder.draw,
    "noise": noise.draw,
    "denoising": denoising.draw,
    "attention": attention.draw,
    "guidance": guidance.draw,
    "channels": channels.draw,
    "words-to-mask": words_to_mask.draw,
    "pasting": pasting.draw,
    "garment": garment.draw,
}


def draw_figures() -> dict[str, Any]:
    """Write every picture; the numbers of each by its name, and the models' ``sizes``."""
    workshop = Workshop()
    numbers: dict[str, Any] = {"sizes": workshop.sizes()}
    for name, draw in FIGURES.items():
        drawn = draw(workshop)
        save_card(drawn.card, PICTURES / f"{name}.webp")
        numbers[name.replace("-", "_")] = dict(drawn.numbers)
        print(f"drew {name}", flush=True)
    return numbers

"""Every teaching picture, by the name of its file."""

from collections.abc import Callable, Mapping, Sequence
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
from lessons.figures.card import Band, TeachingPicture, draw_card, save_card
from lessons.figures.korean import FONT, PACKAGE, in_korean, korean_lettering
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
        save_cards(name, drawn.bands)
        numbers[name.replace("-", "_")] = dict(drawn.numbers)
        print(f"drew {name}", flush=True)
    return numbers


def save_cards(name: str, bands: Sequence[Band], folder: Path = PICTURES) -> None:
    """Write a picture in English and in Korean; without a Korean font, the Korean one stays as it is."""
    save_card(draw_card(bands), folder / f"{name}.webp")
    korean, lettering = in_korean(bands), korean_lettering()
    if lettering is None:
        print(f"{name}.ko.webp stays as it is: this machine lacks the font {FONT} (package {PACKAGE})", flush=True)
    else:
        save_card(draw_card(korean, lettering), folder / f"{name}.ko.webp")

"""The catalogue of a run: few photos, each in many colours, and some rows that cannot be painted."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

from PIL import Image

from bench.batch.stand_in import REFUSED
from models.tiny.make.palette import COLOURS

INPUT: Mapping[str, Any] = {
    "mode": "style",
    "mask_prompt": "a skirt",
    "prompt": "a photo of a {colour} skirt",
    "num_inference_steps": 2,
    "seed": "{seed}",
}
"""A prediction's input for each row; ``image`` is the row's own."""


def write_catalogue(folder: Path, photos: Sequence[Image.Image], count: int, refused: Sequence[int]) -> Path:
    """A CSV file of ``count`` rows, its photos beside it; the rows at ``refused`` places are those that cannot be painted."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, photo in enumerate(photos):
        photo.save(folder / f"{number}.png")
    colours, path = list(COLOURS), folder / "rows.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(("image", "colour", "seed"))
        for place in range(count):
            colour = REFUSED if place in refused else colours[place // len(photos) % len(colours)]
            rows.writerow((f"{place % len(photos)}.png", colour, place))
    return path


def refused_places(random: Random, count: int, share: float) -> list[int]:
    """Which rows cannot be painted."""
    return random.sample(range(count), round(share * count))

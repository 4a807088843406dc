"""Photos to restyle, drawn, each with the mask of its skirt: files for the plain pipeline, bodies for the server."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from PIL import Image

from models.tiny.make.figures import drawings

COLOURS = ("red", "blue", "green", "pink", "black", "white", "grey", "brown")


@dataclass(frozen=True, kw_only=True)
class MaskedPhoto:
    """Two PNG files of one size."""

    photo: Path
    mask: Path

    def body(self, seed: int, **fields: Any) -> Mapping[str, Any]:
        """A request to paint under the mask; no two seeds have the same request."""
        files = {name: base64.b64encode(getattr(self, f"{name}").read_bytes()).decode() for name in ("photo", "mask")}
        asked = {"mode": "inpaint", "image": files["photo"], "mask": files["mask"], "seed": seed}
        return {**asked, "prompt": f"a photo of a {COLOURS[seed % len(COLOURS)]} skirt", **fields}


def draw_photos(folder: Path, count: int, side: int) -> list[MaskedPhoto]:
    """``count`` square photos of ``side`` pixels of people who wear a skirt."""
    folder.mkdir(parents=True, exist_ok=True)
    worn = (each for each in drawings(5, 20 * count, (side, side)) if each.mask("skirt").mean() > 0.01)
    found = []
    for number, drawing in enumerate(islice(worn, count)):
        files = MaskedPhoto(photo=folder / f"photo-{number}.png", mask=folder / f"mask-{number}.png")
        drawing.image.save(files.photo)
        Image.fromarray(drawing.mask("skirt")).convert("L").save(files.mask)
        found.append(files)
    return found

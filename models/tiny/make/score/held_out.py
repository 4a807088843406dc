"""Figures for scoring, whose seeds are far from those of training data and of the sample, and their garments as serving frames them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image

from imaging.framing import crop_box, square
from imaging.masks import Mask, from_image, grow, to_image
from models.tiny.make.figures import Drawing, draw
from models.tiny.make.palette import COLOURS
from models.tiny.make.textures import PATTERNS
from models.tiny.make.wardrobe import Garment, random_outfit

SCORE_SEED = 770_000
RESOLUTION = 64
PARTS = ("skirt", "top", "dress", "trousers", "shoes")


def figures(count: int, *, stream: int, side: int = 192) -> Iterator[Drawing]:
    """Draw `count` random figures of `side` pixels; each stream number gives other figures."""
    for index in range(count):
        rng = np.random.default_rng((SCORE_SEED, stream, index))
        yield draw(random_outfit(rng), rng, (side, side))


def repaint_requests(count: int, *, stream: int) -> Iterator[tuple[Drawing, Garment, Garment]]:
    """Draw figures with one of their garments and what to repaint it as: the same kind in another colour and pattern."""
    for index, drawing in enumerate(figures(count, stream=stream)):
        rng = np.random.default_rng((SCORE_SEED, stream, index, 1))
        worn = drawing.outfit.garments[int(rng.integers(len(drawing.outfit.garments)))]
        colours = [name for name in COLOURS if name != worn.colour]
        wanted = Garment(
            kind=worn.kind, colour=str(rng.choice(colours)), pattern=str(rng.choice(PATTERNS)), length=worn.length
        )
        yield drawing, worn, wanted


def spoken(garment: Garment) -> str:
    """Return the prompt that asks for a garment, as a user writes it."""
    name = "shorts" if garment.kind == "trousers" and garment.length == "short" else garment.kind
    words = [garment.colour, *([garment.pattern] if garment.pattern != "plain" else []), name]
    return f"a photo of {'' if name in {'shorts', 'trousers'} else 'a '}{' '.join(words)}"


@dataclass(frozen=True, kw_only=True)
class Crop:
    """A garment at the model's resolution: RGB picture and mask (r, r) of what is repainted."""

    picture: Image.Image
    mask: Mask
    garment: Garment


def crop(drawing: Drawing, garment: Garment, *, growth: int = 0) -> Crop:
    """Frame one worn garment by its true mask, grown by some pixels of the drawing."""
    mask = grow(drawing.mask(garment.kind), growth)
    box = crop_box(mask, resolution=RESOLUTION)
    return Crop(
        picture=square(drawing.image, box, RESOLUTION),
        mask=from_image(square(to_image(mask), box, RESOLUTION)),
        garment=garment,
    )

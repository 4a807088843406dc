"""Garments framed as serving frames them: the square around the mask, at the model's resolution."""

from dataclasses import dataclass

from PIL import Image

from imaging.framing import crop_box, square
from imaging.masks import Mask, from_image, grow, to_image
from models.tiny.make.figures import Drawing
from models.tiny.make.wardrobe import Garment

RESOLUTION = 64


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

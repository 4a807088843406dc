"""What becomes of a picture on its way: encoded, resized, cut."""

import io
from collections.abc import Callable, Mapping

from PIL import Image

Spoil = Callable[[Image.Image], Image.Image]


def jpeg(picture: Image.Image, quality: int) -> Image.Image:
    """The picture out of a JPEG as Pillow writes it, colours at half the size."""
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality)
    with Image.open(file) as opened:
        return opened.convert("RGB")


def half_size(picture: Image.Image) -> Image.Image:
    """Half as wide and high."""
    return picture.resize((picture.width // 2, picture.height // 2), Image.Resampling.LANCZOS)


def cut(picture: Image.Image, share: float = 0.05) -> Image.Image:
    """Without ``share`` of its width and height, three quarters of that on the left and above."""
    across, down = round(picture.width * share), round(picture.height * share)
    left, top = 3 * across // 4, 3 * down // 4
    return picture.crop((left, top, picture.width - across + left, picture.height - down + top))


SPOILS: Mapping[str, tuple[Spoil, float]] = {
    "marked_found": (lambda picture: picture, 0.99),
    "jpeg75_found": (lambda picture: jpeg(picture, 75), 0.99),
    "half_size_found": (half_size, 0.97),
    "crop5_found": (cut, 0.95),
}
"""By the name of their measure, with the least share of marks that must be found."""

HARDER: Mapping[str, Spoil] = {
    "jpeg50": lambda picture: jpeg(picture, 50),
    "half_jpeg85": lambda picture: jpeg(half_size(picture), 85),
    "two_thirds_cut_jpeg75": lambda picture: jpeg(
        cut(picture).resize((round(picture.width / 1.5), round(picture.height / 1.5)), Image.Resampling.BICUBIC), 75
    ),
}
"""Not promised, but told."""

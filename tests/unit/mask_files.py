"""Masks as people write them: what is to be repainted, in either convention, swapped or not, in each kind of file."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imaging.masks import to_image
from tests.unit.picture_files import gradient, saved

Shape = NDArray[np.bool_]
"""True where the picture is to be repainted."""


def _photo(shape: Shape) -> Image.Image:
    """Light and texture: a plain gradient in grey would be a soft mask."""
    light = gradient(shape.shape[1], shape.shape[0])
    y, x = np.mgrid[: shape.shape[0], : shape.shape[1]]
    cloth = 0.75 + 0.25 * np.sin(x * 0.9) * np.cos(y * 0.7)
    return Image.fromarray((np.asarray(light) * cloth[..., None]).astype(np.uint8))


def white(shape: Shape) -> Image.Image:
    """The default convention."""
    return to_image(shape).convert("RGB")


def inverted(shape: Shape) -> Image.Image:
    """Black where the picture is to be repainted: what some editors write."""
    return to_image(~shape).convert("RGB")


def hole(content: Callable[[Shape], Image.Image]) -> Callable[[Shape], Image.Image]:
    """A picture that is transparent where it is to be repainted: OpenAI's convention."""

    def clear(shape: Shape) -> Image.Image:
        image = content(shape)
        image.putalpha(to_image(~shape))
        return image

    return clear


def _blank(shape: Shape) -> Image.Image:
    return Image.new("RGB", to_image(shape).size, "white")


def _palette(image: Image.Image) -> bytes:
    if image.mode != "RGBA":
        return saved(image.quantize(8))
    indices = image.convert("RGB").quantize(8)
    colours = indices.getpalette() or []
    clear = len(colours) // 3
    indices.putpalette([*colours, 0, 0, 0])
    indices.paste(clear, mask=Image.fromarray(255 - np.asarray(image.getchannel("A"))))
    return saved(indices, transparency=clear)


def _jpeg(quality: int, mode: str) -> Callable[[Image.Image], bytes]:
    return lambda image: saved(image.convert("RGB").convert(mode), "JPEG", quality=quality)


CONTENTS: Mapping[str, Callable[[Shape], Image.Image]] = {
    "white": white,
    "inverted": inverted,
    "photo with a hole": hole(_photo),
    "white with a hole": hole(_blank),
    "white mask with a hole": hole(white),
}
FILES: Mapping[str, Callable[[Image.Image], bytes]] = {
    "grey png": lambda image: saved(image.convert("LA" if image.mode == "RGBA" else "L")),
    "png": saved,
    "rgba png": lambda image: saved(image.convert("RGBA")),
    "palette": _palette,
    "webp": lambda image: saved(image, "WEBP", lossless=True, exact=True),
    "jpeg 20": _jpeg(20, "RGB"),
    "jpeg 50 grey": _jpeg(50, "L"),
    "jpeg 95": _jpeg(95, "RGB"),
}


def is_of(convention: str, content: str, file: str) -> bool:
    """Whether the file says, by the convention, what was meant."""
    return content == "white" if convention == "white" else "hole" in content and "jpeg" not in file


def wrong(mask: Shape, shape: Shape) -> float:
    """Share of the pixels that would be repainted although they should not, or the other way round."""
    return float((mask != shape).mean())

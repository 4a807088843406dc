"""Lists and reads the pictures and masks of a folder."""

import logging
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from PIL import Image

from contracts.dataset import FEWEST_PICTURES, MASKS, MOST_PICTURES, is_picture
from contracts.errors import InvalidInputError
from imaging import masks
from imaging.masks import Mask
from imaging.pictures import ALLOWED, UnreadablePictureError, decode, decode_mask

log = logging.getLogger(__name__)


def picture_files(folder: Path) -> list[Path]:
    """A folder's pictures by name, not those of its sub-folders.

    Raises InvalidInputError where two differ only in their ending (they would share a mask) or there are too many.
    """
    paths = sorted(path for path in folder.glob("*") if path.is_file() and is_picture(path.name))
    shared = [stem for stem, count in Counter(path.stem for path in paths).items() if count > 1]
    if shared:
        raise InvalidInputError("dataset", got=f"several pictures named {shared[0]}", allowed="one picture a name")
    if len(paths) > MOST_PICTURES:
        raise InvalidInputError("dataset", got=f"{len(paths)} pictures", allowed=f"at most {MOST_PICTURES}")
    return paths


def require_enough(count: int, what: str = "dataset") -> None:
    """Raises InvalidInputError for fewer pictures than a garment can be learnt from."""
    if count < FEWEST_PICTURES:
        raise InvalidInputError(
            what, got=f"{count} pictures", allowed=f"at least {FEWEST_PICTURES} PNG or JPEG pictures"
        )


def read_pictures(paths: Iterable[Path]) -> dict[Path, Image.Image]:
    """Every picture, upright RGB. Raises UnreadablePictureError naming all that are unreadable, not only the first."""
    read: dict[Path, Image.Image] = {}
    broken: list[UnreadablePictureError] = []
    for path in paths:
        try:
            read[path] = decode(path.read_bytes(), name=path.name)
        except UnreadablePictureError as error:
            broken.append(error)
    for each in broken:
        log.error("%s", each)
    if len(broken) == 1:
        raise broken[0]
    if broken:
        names = ", ".join(each.what for each in broken)
        raise UnreadablePictureError(f"pictures {names}", got=broken[0].got, allowed=ALLOWED) from broken[0]
    return read


def user_mask(picture: Path, size: tuple[int, int]) -> Mask | None:
    """The mask that a person drew for a picture of (width, height) ``size``: ``masks/{stem}.png`` beside it; None without one.

    Raises InvalidInputError where it has another size or no white pixel.
    """
    path = picture.parent / MASKS / f"{picture.stem}.png"
    return read_mask(path, size) if path.is_file() else None


def read_mask(path: Path, size: tuple[int, int]) -> Mask:
    """A mask file for a picture of (width, height) ``size``, True where white. Raises InvalidInputError."""
    image = decode_mask(path.read_bytes(), name=f"mask {path.name}")
    if image.size != size:
        got = f"{image.width}x{image.height} pixels"
        raise InvalidInputError(f"mask {path.name}", got=got, allowed=f"its picture's size, {size[0]}x{size[1]}")
    mask = masks.from_image(image)
    if not mask.any():
        raise InvalidInputError(f"mask {path.name}", got="no white pixel", allowed="white where the garment is")
    return mask

"""The pictures to learn from: each with its garment's mask and its words."""

import json
import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from atelier_training.data.masking import Masking
from atelier_training.data.pictures import picture_files, read_mask, read_pictures, require_enough
from contracts.dataset import CAPTIONS, PictureCaption
from contracts.errors import InvalidInputError
from imaging.masks import Mask

CLASS_PICTURES = "class_data_dir"
"""JumpStart's folder of class pictures."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Example:
    """One picture (RGB, any size), the mask of what to learn (h, w), and the words that describe it."""

    name: str
    picture: Image.Image
    mask: Mask
    caption: str


def load_examples(dataset: Path, masks: Path | None, instance_prompt: str) -> list[Example]:
    """The dataset's pictures by name; ``captions.jsonl`` overrides the instance prompt.

    ``masks`` is the segment step's output: pictures without a mask there are left out. Without it the whole picture is learnt.
    Raises InvalidInputError and UnreadablePictureError.
    """
    paths = picture_files(dataset)
    masked = {} if masks is None else {each.name: masks / each.mask for each in Masking.read(masks).pictures}
    if missing := sorted(set(masked) - {path.name for path in paths}):
        allowed = "masks of this dataset's pictures"
        raise InvalidInputError("masks channel", got=f"a mask for {missing[0]}", allowed=allowed)
    if masks is not None:
        paths = [path for path in paths if path.name in masked]
    require_enough(len(paths))
    if (dataset / CLASS_PICTURES).is_dir():
        log.warning("ignored: %s/, because the base model paints the class pictures itself", CLASS_PICTURES)
    captions = _captions(dataset / CAPTIONS)
    return [
        Example(
            name=path.name,
            picture=picture,
            mask=read_mask(masked[path.name], picture.size) if masked else whole(picture),
            caption=captions.get(path.name, instance_prompt),
        )
        for path, picture in read_pictures(paths).items()
    ]


def whole(picture: Image.Image) -> Mask:
    """A mask (h, w) of all of a picture."""
    return np.ones((picture.height, picture.width), dtype=np.bool_)


def _captions(path: Path) -> dict[str, str]:
    """``{"file_name": …, "text": …}`` a line."""
    captions: dict[str, str] = {}
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        where = f"{path.name} line {number}"
        try:
            entry = PictureCaption.from_json(json.loads(line), where=where)
        except json.JSONDecodeError as error:
            raise InvalidInputError(where, got=line, allowed='{"file_name": …, "text": …}') from error
        captions[entry.file_name] = entry.text
    return captions

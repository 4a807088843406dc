"""The pictures to learn from: each with its garment's mask and its words."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from atelier_training.data.masking import Masking
from atelier_training.data.pictures import DatasetFolder, read_mask
from contracts.dataset import FEWEST_PICTURES
from contracts.errors import InvalidInputError
from imaging.masks import Mask


@dataclass(frozen=True, kw_only=True)
class Example:
    """One picture (RGB, any size), the mask of what to learn (h, w), and the words that describe it."""

    name: str
    picture: Image.Image
    mask: Mask
    caption: str


def load_examples(dataset: DatasetFolder, segment: Path, instance_prompt: str) -> list[Example]:
    """The dataset's pictures by name; a caption of its own overrides the instance prompt.

    ``segment`` is that step's output: pictures without a mask there are left out, unless it masked none because they are learnt whole.
    Raises InvalidInputError and UnreadablePictureError.
    """
    names: Sequence[str] = dataset.files.pictures
    masking = Masking.read(segment)
    masked = {each.name: segment / each.mask for each in masking.pictures}
    if missing := sorted(set(masked) - set(names)):
        allowed = "masks of this dataset's pictures"
        raise InvalidInputError("masks channel", got=f"a mask for {missing[0]}", allowed=allowed)
    if masking.mask_score is not None:
        names = [name for name in names if name in masked]
    if len(names) < FEWEST_PICTURES:
        raise InvalidInputError("dataset", got=f"{len(names)} pictures", allowed=f"at least {FEWEST_PICTURES}")
    return [
        Example(
            name=name,
            picture=picture,
            mask=read_mask(masked[name], picture.size, name=name) if masked else whole(picture),
            caption=dataset.captions.words.get(name, instance_prompt),
        )
        for name, picture in dataset.decoded(names).items()
    ]


def whole(picture: Image.Image) -> Mask:
    """A mask (h, w) of all of a picture."""
    return np.ones((picture.height, picture.width), dtype=np.bool_)

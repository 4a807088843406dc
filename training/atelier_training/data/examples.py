"""The pictures to learn from: each with its garment's mask and its words, in their files until somebody looks at one."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from atelier_training.data.masking import Masking
from atelier_training.data.pictures import DatasetFolder, read_mask
from contracts.dataset import CAPTIONS, FEWEST_PICTURES
from contracts.dataset_texts import read_caption_lines
from contracts.errors import InvalidInputError
from imaging.masks import Mask
from imaging.pictures import decode


@dataclass(frozen=True, kw_only=True)
class Example:
    """One picture (RGB, any size), the mask of what to learn (h, w), and the words that describe it."""

    name: str
    picture: Image.Image
    mask: Mask
    caption: str


@dataclass(frozen=True, kw_only=True)
class ExampleFile:
    """The same before it is decoded: a photo of 12 megapixels is 57 MiB, and there may be hundreds. Without ``mask`` it is learnt whole."""

    name: str
    caption: str
    picture: Path
    mask: Path | None

    def read(self) -> Example:
        """Decode it. Raises UnreadablePictureError and InvalidInputError."""
        picture = decode(self.picture.read_bytes(), name=self.name)
        mask = whole(picture) if self.mask is None else read_mask(self.mask, picture.size, name=self.name)
        return Example(name=self.name, picture=picture, mask=mask, caption=self.caption)


def opened(files: Iterable[ExampleFile]) -> Iterator[Example]:
    """Examples decoded one at a time, each gone before the next comes."""
    return (file.read() for file in files)


def load_examples(dataset: DatasetFolder, segment: Path, instance_prompt: str) -> list[ExampleFile]:
    """The dataset's pictures by name; a caption of its own overrides one that the segment step made, and that the instance prompt.

    ``segment`` is that step's output: pictures without a mask there are left out, unless it masked none because they are learnt whole.
    Raises InvalidInputError.
    """
    names: Sequence[str] = dataset.files.pictures
    masking = Masking.read(segment)
    masked = {each.name: segment / each.mask for each in masking.pictures}
    words = {**_automatic(segment), **dataset.captions.words}
    if missing := sorted(set(masked) - set(names)):
        allowed = "masks of this dataset's pictures"
        raise InvalidInputError("masks channel", got=f"a mask for {missing[0]}", allowed=allowed)
    if masking.mask_score is not None:
        names = [name for name in names if name in masked]
    if len(names) < FEWEST_PICTURES:
        raise InvalidInputError("dataset", got=f"{len(names)} pictures", allowed=f"at least {FEWEST_PICTURES}")
    return [
        ExampleFile(
            name=name,
            caption=words.get(name, instance_prompt),
            picture=dataset.path / name,
            mask=masked.get(name),
        )
        for name in names
    ]


def _automatic(segment: Path) -> dict[str, str]:
    """The captions that the segment step made; none where none were asked for."""
    path = segment / CAPTIONS
    return read_caption_lines(path.read_bytes()) if path.is_file() else {}


def load_class_examples(dataset: DatasetFolder, segment: Path, class_prompt: str) -> list[ExampleFile]:
    """A person's own class pictures by name, as far as the segment step masked them, where it masked any picture at all."""
    masking = Masking.read(segment)
    masked = {each.name: segment / each.mask for each in masking.class_pictures}
    names = dataset.files.class_pictures if masking.mask_score is None else tuple(masked)
    return [
        ExampleFile(name=name, caption=class_prompt, picture=dataset.path / name, mask=masked.get(name))
        for name in names
    ]


def whole(picture: Image.Image) -> Mask:
    """A mask (h, w) of all of a picture."""
    return np.ones((picture.height, picture.width), dtype=np.bool_)

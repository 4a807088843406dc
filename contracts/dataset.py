"""A garment's pictures: JumpStart's layout, with optional masks and held-out photos.

``datasets/{style}/`` holds pictures at its root, ``dataset_info.json`` (``instance_prompt``, optional ``class_prompt``, which may
name alternatives in braces), optional ``masks/{stem}.png`` (white = garment; a person's mask wins over the segmenter's), optional
``captions.jsonl`` (``{"file_name", "text"}`` a line) and optional ``evaluation/``: photos of other people, never trained on, that the
evaluation restyles.
"""

from typing import Annotated, ClassVar

from contracts.declarations import about
from contracts.model import Contract
from contracts.prompts import ClassPrompt, Prompt

INFO = "dataset_info.json"
CAPTIONS = "captions.jsonl"
MASKS = "masks/"
EVALUATION = "evaluation/"
PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg")
FEWEST_PICTURES = 4
MOST_PICTURES = 500


def is_picture(name: str) -> bool:
    """Whether a key relative to the dataset's prefix is one of its pictures: at the root, with a picture's ending."""
    return "/" not in name and name.lower().endswith(PICTURE_SUFFIXES)


class PictureCaption(Contract):
    """One line of ``captions.jsonl``: words for one picture, instead of the instance prompt."""

    document: ClassVar[str] = CAPTIONS

    file_name: Annotated[str, about("the picture")]
    text: Annotated[str, about("words for it")]


class DatasetInfo(Contract):
    """``dataset_info.json``."""

    document: ClassVar[str] = INFO

    instance_prompt: Annotated[Prompt, about("words for the garment", examples=["a photo of a sks skirt"])]
    class_prompt: Annotated[ClassPrompt, about("words for the garment's class, alternatives in braces")] = ""

"""A garment's pictures: JumpStart's layout, with optional masks, captions and held-out photos.

``datasets/{style}/`` holds pictures at its root, ``dataset_info.json`` (``instance_prompt``; ``class_prompt``, which may name
alternatives in braces; ``mask_convention``), optional ``masks/{stem}.png`` (white = garment, unless ``mask_convention`` says
otherwise; a person's mask wins over the segmenter's) and optional
``evaluation/``: photos of other people, never trained on, that the evaluation restyles, with ``evaluation/masks/`` of their own.
``low_res/{stem}.png`` are small versions of the pictures, for an upscaler to learn from, and ``evaluation/low_res/`` of the photos, for it
to be judged by.
Captions lie in ``captions.jsonl`` (``{"file_name", "text"}`` a line), in Hugging Face's ``metadata.jsonl`` or in ``{stem}.txt``
beside the pictures, as kohya's trainers have them. ``contracts/dataset_files.py`` says what each file is used as.
"""

from collections.abc import Mapping
from itertools import chain
from typing import Annotated, ClassVar

from contracts.conventions import MaskConvention
from contracts.declarations import about
from contracts.model import Contract
from contracts.prompts import ClassPrompt, Prompt

INFO = "dataset_info.json"
CAPTIONS = "captions.jsonl"
METADATA = "metadata.jsonl"
"""Hugging Face's: ``file_name`` and the words under ``text``, ``prompt`` or ``caption``."""
MASKS = "masks/"
EVALUATION = "evaluation/"
CLASS_PICTURES = "class_data_dir/"
"""JumpStart's folder of class pictures: a person's own, instead of as many that the base model would paint."""
LOW_RES = "low_res/"
"""Small versions of pictures, a quarter as wide and high, for an upscaler to learn from; in ``evaluation/``, to be judged by."""
LEAST_TO_ENLARGE = 64
"""Pixels of the shorter side of a picture that an upscaler learns from."""
PICTURE_ENDINGS: Mapping[str, tuple[str, ...]] = {
    "image/png": (".png",),
    "image/jpeg": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "image/webp": (".webp",),
    "image/heic": (".heic", ".heif"),
    "image/heif": (".heif", ".heic"),
}
"""The endings of a picture's name, in small letters, by content type."""
PICTURE_SUFFIXES = tuple(dict.fromkeys(chain.from_iterable(PICTURE_ENDINGS.values())))
CAPTION_SUFFIXES = (".txt", ".caption")
"""Endings of a file beside a picture that holds its caption."""
FEWEST_PICTURES = 4
MOST_PICTURES = 500
MOST_CLASS_PICTURES = 1_000


def is_picture(name: str) -> bool:
    """Whether a key relative to the dataset's prefix is one of its pictures: at the root, with a picture's ending."""
    return "/" not in name and name.lower().endswith(PICTURE_SUFFIXES)


class PictureCaption(Contract):
    """One line of ``captions.jsonl``: words for one picture, instead of the instance prompt."""

    document: ClassVar[str] = CAPTIONS

    file_name: Annotated[str, about("the picture")]
    text: Annotated[Prompt, about("words for it")]


class DatasetInfo(Contract):
    """``dataset_info.json``."""

    document: ClassVar[str] = INFO

    instance_prompt: Annotated[
        Prompt, about("words for the garment; left out: the run's input has them", examples=["a photo of a sks skirt"])
    ] = ""
    class_prompt: Annotated[ClassPrompt, about("words for the garment's class, alternatives in braces")] = ""
    mask_convention: Annotated[
        MaskConvention,
        about(
            "what of the masks in masks/ and evaluation/masks/ is the garment: their white, nothing in them being transparent, or "
            "their transparent part"
        ),
    ] = "white"

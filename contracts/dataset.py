"""A garment's pictures: JumpStart's layout, with optional masks and held-out photos.

``datasets/{style}/`` holds pictures at its root, ``dataset_info.json`` (``instance_prompt``, optional ``class_prompt``, which may
name alternatives in braces), optional ``masks/{stem}.png`` (white = garment; a person's mask wins over the segmenter's), optional
``captions.jsonl`` (``{"file_name", "text"}`` a line) and optional ``evaluation/``: photos of other people, never trained on, that the
evaluation restyles.
"""

from dataclasses import dataclass

from contracts.fields import read
from contracts.prompts import class_prompt, prompt

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


@dataclass(frozen=True, kw_only=True)
class DatasetInfo:
    """``dataset_info.json``."""

    instance_prompt: str
    class_prompt: str | None = None

    @classmethod
    def from_json(cls, data: object) -> "DatasetInfo":
        """Raises InvalidInputError for an unknown or missing key."""
        checks = {"instance_prompt": prompt, "class_prompt": class_prompt}
        return cls(**read(INFO, data, checks, required=["instance_prompt"]))

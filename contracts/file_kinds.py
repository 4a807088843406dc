"""The kinds of files that ``POST /v1/files`` takes, which the endings of their names tell."""

from collections.abc import Mapping
from pathlib import PurePosixPath

from contracts.dataset import CAPTION_SUFFIXES, PICTURE_ENDINGS
from contracts.requests import ContentType

WEIGHTS: ContentType = "application/octet-stream"
LINES: ContentType = "application/jsonl"
TABLE: ContentType = "text/csv"

ENDINGS: Mapping[str, tuple[str, ...]] = {
    **PICTURE_ENDINGS,
    "application/json": (".json",),
    LINES: (".jsonl",),
    TABLE: (".csv",),
    "text/plain": CAPTION_SUFFIXES,
    WEIGHTS: (".safetensors",),
}
"""How a name may end, in small letters, by content type."""

KINDS: Mapping[str, str] = {
    **{ending: kind for kind, endings in ENDINGS.items() for ending in endings},
    # What two types may end in is of the one whose own it is.
    **{endings[0]: kind for kind, endings in ENDINGS.items()},
}
"""What a name's ending says."""


def kind_of(name: str) -> str:
    """The content type of a file of this name; empty where its ending tells nothing."""
    return KINDS.get(PurePosixPath(name).suffix.lower(), "")

"""What the segment step leaves for training and evaluation: ``masks/{stem}.png`` and ``segment.json``."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from contracts.errors import InvalidInputError
from contracts.fields import only_keys

SEGMENT = "segment.json"


@dataclass(frozen=True, kw_only=True)
class PictureMask:
    """One picture's mask: ``score`` is its confidence and ``area`` its share of the picture, both 0 to 1.

    ``source`` says who made it: ``user`` or ``clipseg``; ``mask`` is relative to the folder of ``segment.json``.
    """

    name: str
    mask: str
    score: float
    area: float
    source: str


@dataclass(frozen=True, kw_only=True)
class Masking:
    """``segment.json``: every picture that has a mask, their mean score, and what a person should know."""

    mask_score: float
    pictures: Sequence[PictureMask]
    warnings: Sequence[str] = field(default_factory=list)

    def write(self, folder: Path) -> None:
        """Write ``segment.json`` into a folder."""
        (folder / SEGMENT).write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> "Masking":
        """Read a folder's ``segment.json``. Raises InvalidInputError where it is missing or not one."""
        path = folder / SEGMENT
        if not path.is_file():
            raise InvalidInputError(f"{folder.name}/{SEGMENT}", got="no such file", allowed="the segment step's output")
        data = only_keys(SEGMENT, json.loads(path.read_text(encoding="utf-8")), cls.__dataclass_fields__, ["pictures"])
        fields = PictureMask.__dataclass_fields__
        pictures = [PictureMask(**only_keys(SEGMENT, each, fields, fields)) for each in data["pictures"]]
        return cls(mask_score=data["mask_score"], pictures=pictures, warnings=data.get("warnings", []))

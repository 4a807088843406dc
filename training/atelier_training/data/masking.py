"""What the segment step writes for training and evaluation: ``segment.json`` and, where a garment is masked, ``masks/{stem}.png``."""

import json
from pathlib import Path
from typing import Annotated, ClassVar, Self

from contracts.declarations import about, bounds, listed
from contracts.errors import InvalidInputError
from contracts.model import Contract

SEGMENT = "segment.json"


class PictureMask(Contract):
    """One picture's mask."""

    name: Annotated[str, about("the picture")]
    mask: Annotated[str, about("relative to the folder of segment.json")]
    score: Annotated[float, bounds(0, 1, "confidence")]
    area: Annotated[float, bounds(0, 1, "share of the picture")]
    source: Annotated[str, about("who made it: user or clipseg")]


class Masking(Contract):
    """``segment.json``."""

    document: ClassVar[str] = SEGMENT

    mask_score: Annotated[
        float | None, bounds(0, 1, "mean of the pictures' scores; none where they are learnt whole")
    ] = None
    pictures: Annotated[tuple[PictureMask, ...], listed("every picture that has a mask")] = ()
    class_pictures: Annotated[tuple[PictureMask, ...], listed("every class picture that has a mask")] = ()
    warnings: Annotated[tuple[str, ...], listed("what a person should know")] = ()

    def write(self, folder: Path) -> None:
        """Write ``segment.json`` into a folder."""
        text = json.dumps(self.model_dump(mode="json"), indent=2) + "\n"
        (folder / SEGMENT).write_text(text, encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read a folder's ``segment.json``. Raises InvalidInputError where it is missing or not one."""
        path = folder / SEGMENT
        if not path.is_file():
            raise InvalidInputError(f"{folder.name}/{SEGMENT}", got="no such file", allowed="the segment step's output")
        return cls.from_json(json.loads(path.read_text(encoding="utf-8")))

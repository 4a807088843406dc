"""The strip of a training: a row a look, a column a picture, so that a person sees what was learnt when.

Each row is kept beside the checkpoints, whence a training that was interrupted has it again.
"""

import logging
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from atelier_training.engine.looks import TrainingLook, TrainingLooks
from atelier_training.validation.easel import PaintedSubject
from contracts.layout import STRIP, VALIDATION
from imaging.framing import scaled
from imaging.pictures import encode
from imaging.sheet import CELL, SheetRow, draw_sheet
from imaging.told import Told

MOST_ROWS = 16
"""Looks that are shown: the first, the last, the best, and others evenly between them."""
LONGEST_LABEL = 26
"""Characters above a column."""

log = logging.getLogger(__name__)


class Strip:
    """Of ``subjects``; ``checkpoints`` is the folder of checkpoints, ``told`` what the files say of themselves."""

    def __init__(self, subjects: Sequence[PaintedSubject], checkpoints: Path, told: Told, *, title: str) -> None:
        self._subjects, self._told, self._title = subjects, told, title
        self._folder = checkpoints / VALIDATION
        self.path = self._folder / STRIP

    def keep(self, step: int, pictures: Sequence[Image.Image]) -> None:
        """Keep what was painted after ``step``, a picture for each subject."""
        row = Image.new("RGB", (CELL * len(pictures), CELL))
        for column, picture in enumerate(pictures):
            row.paste(picture.resize((CELL, CELL), Image.Resampling.LANCZOS), (CELL * column, 0))
        self._write(self._row(step), row)

    def draw(self, looks: TrainingLooks) -> None:
        """Write the strip of all looks so far."""
        rows = [SheetRow(pictures=[_fitted(each) for each in self._subjects], caption="the pictures themselves")]
        for look in shown(looks):
            if not self._row(look.step).is_file():
                log.warning("what was painted after step %d is gone", look.step)
                continue
            rows.append(SheetRow(pictures=self._cells(look.step), caption=_caption(look, looks)))
        columns = [subject.told[:LONGEST_LABEL] for subject in self._subjects]
        self._write(self.path, draw_sheet(columns, rows, title=self._title))

    def row(self, step: int) -> Image.Image:
        """What was painted after ``step``, side by side."""
        with Image.open(self._row(step)) as kept:
            return kept.convert("RGB")

    def _row(self, step: int) -> Path:
        return self._folder / f"{step:06d}.png"

    def _cells(self, step: int) -> list[Image.Image]:
        row = self.row(step)
        return [row.crop((CELL * n, 0, CELL * (n + 1), CELL)) for n in range(len(self._subjects))]

    def _write(self, path: Path, picture: Image.Image) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".partial")
        unfinished.write_bytes(encode(picture, "png", self._told))
        unfinished.replace(path)


def shown(looks: TrainingLooks) -> list[TrainingLook]:
    """The looks that the strip has a row for."""
    entries = looks.entries
    count = min(len(entries), MOST_ROWS)
    evenly = {round(number * (len(entries) - 1) / max(1, count - 1)) for number in range(count)}
    return [look for number, look in enumerate(entries) if number in evenly or look.step == looks.best]


def _fitted(subject: PaintedSubject) -> Image.Image:
    picture = Image.fromarray(subject.view.pixels)
    return picture.resize(scaled(picture.size, CELL / max(picture.size)), Image.Resampling.LANCZOS)


def _caption(look: TrainingLook, looks: TrainingLooks) -> str:
    loss = "" if look.loss is None else f", loss {look.loss:.4f}"
    share = "" if look.garment_share is None else f", {look.garment_share:.0%} of the garment"
    return f"step {look.step}{share}{loss}{', the best' if look.step == looks.best else ''}"

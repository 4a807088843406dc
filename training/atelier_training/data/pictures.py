"""A dataset's folder: its files by their use, its captions, and its pictures and masks, decoded one at a time."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from PIL import Image

from atelier_training.data.picture_facts import Looker, unseen
from contracts.dataset import INFO, LEAST_TO_ENLARGE, DatasetInfo
from contracts.dataset_files import DatasetFiles, listed
from contracts.dataset_texts import Captions, read_captions, read_info
from contracts.errors import InvalidInputError, Problem
from contracts.pictures import UPSCALING
from imaging import masks
from imaging.conventions import polarity_note
from imaging.masks import Mask
from imaging.pictures import UnreadablePictureError, decode, decode_mask, read_picture

_SETTING = f"{INFO}'s mask_convention"

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class DatasetFolder:
    """A dataset on disk. Names are relative to ``path``, as in ``files``."""

    path: Path
    files: DatasetFiles
    captions: Captions
    info: DatasetInfo

    @classmethod
    def read(cls, path: Path) -> Self:
        """List a folder and read its texts. Raises InvalidInputError with all that is wrong."""
        files = DatasetFiles.of(each.relative_to(path).as_posix() for each in path.rglob("*") if each.is_file())
        captions = read_captions(files, {name: (path / name).read_bytes() for name in files.captions})
        info = read_info((path / INFO).read_bytes()) if files.info else DatasetInfo()
        return cls(path=path, files=files, captions=captions, info=info)

    def notes(self, task: str, *, prior: bool) -> list[str]:
        """What a run of this task does not use of it, in words."""
        return [*self.files.notes(task, prior=prior), *self.captions.notes]

    def mask(self, name: str, size: tuple[int, int] | None) -> Mask | None:
        """The mask that a person drew for a picture of (width, height) ``size``; None without one. Raises InvalidInputError."""
        mask = self.files.masks.get(name)
        if mask is None:
            return None
        return read_mask(self.path / mask, size, name=mask, convention=self.info.mask_convention)

    def decoded(self, names: Iterable[str]) -> Iterator[tuple[str, Image.Image]]:
        """Pictures with their names, upright RGB, each decoded when it is asked for. Raises UnreadablePictureError."""
        return ((name, decode((self.path / name).read_bytes(), name=name)) for name in names)

    def check(self, look: Looker = unseen, *, enlarging: bool = False) -> list[str]:
        """Decode all pictures, photos, class pictures, masks and small versions, one at a time: notes on what was ignored or looks wrong.

        Each picture to learn from goes by ``look``, whole. Who is ``enlarging`` needs pictures that are large enough.
        Raises InvalidInputError (UnreadablePictureError where nothing else is wrong) naming all that are bad.
        """
        errors: list[InvalidInputError] = []
        notes: list[str] = []
        cutouts: list[str] = []
        own = {*self.files.pictures}
        for name in (*self.files.pictures, *self.files.photos, *self.files.class_pictures):
            size: tuple[int, int] | None = None
            with _noting(errors):
                read = read_picture((self.path / name).read_bytes(), name=name)
                size = read.image.size
                notes += read.notes
                cutouts += [name] if read.cutout else []
                if name in own:
                    look(name, read.image, None)
                del read  # before its mask comes
                if enlarging:
                    require_large(size, name)
            with _noting(errors):
                if size is not None and name in self.files.small:
                    read_small(self.path / self.files.small[name], size, name)
            with _noting(errors):
                mask = self.mask(name, size)
                convention = self.info.mask_convention
                remark = "" if mask is None else polarity_note(masks.to_image(mask), convention=convention)
                notes += [f"mask {self.files.masks[name]}: {remark}"] if remark else []
        _refuse(errors)
        return [*notes, *([f"transparent parts count as white in {listed(cutouts)}"] if cutouts else [])]


def read_mask(path: Path, size: tuple[int, int] | None, *, name: str, convention: str = "white") -> Mask:
    """A mask file for a picture of (width, height) ``size`` (None: unknown), True where white, or where it is transparent.

    Raises InvalidInputError.
    """
    image = decode_mask(path.read_bytes(), name=f"mask {name}", convention=convention, setting=_SETTING)
    if size is not None and image.size != size:
        got = f"{image.width}x{image.height} pixels, and its picture {size[0]}x{size[1]}"
        raise InvalidInputError(f"mask {name}", got=got, allowed="its picture's size")
    return masks.from_image(image)


def read_small(path: Path, large: tuple[int, int], name: str) -> Image.Image:
    """Somebody's small version of a picture of (width, height) ``large``. Raises InvalidInputError where it is not a quarter of it."""
    small = decode(path.read_bytes(), name=path.name)
    require_quarter(small.size, large, name)
    return small


def require_quarter(small: tuple[int, int], large: tuple[int, int], name: str) -> None:
    """Raises InvalidInputError where a small version of a picture is of no use. Sizes are (width, height)."""
    quarter = (large[0] // UPSCALING, large[1] // UPSCALING)
    if small != quarter:
        got = f"{small[0]}x{small[1]} pixels"
        allowed = f"{quarter[0]}x{quarter[1]}, a quarter of the picture's {large[0]}x{large[1]}"
        raise InvalidInputError(f"small version of {name}", got=got, allowed=allowed)


def require_large(size: tuple[int, int], name: str) -> None:
    """Raises InvalidInputError for a picture of (width, height) ``size`` that is too small for an upscaler to learn from."""
    if min(size) < LEAST_TO_ENLARGE:
        allowed = f"a shorter side of at least {LEAST_TO_ENLARGE} pixels, to learn enlarging from"
        raise InvalidInputError(name, got=f"{size[0]}x{size[1]} pixels", allowed=allowed)


@contextmanager
def _noting(errors: list[InvalidInputError]) -> Iterator[None]:
    """Log what is wrong with one file and go on: a person mends all files at once."""
    try:
        yield
    except InvalidInputError as error:
        log.error("%s", error)
        errors.append(error)


def _refuse(errors: Sequence[InvalidInputError]) -> None:
    """Raise one error for several files. Files of one fault are named together, because a job's reason is short."""
    by_fault: defaultdict[str, list[Problem]] = defaultdict(list)
    for problem in (problem for error in errors for problem in error.problems):
        by_fault[problem.allowed].append(problem)
    joined = [
        Problem(listed([each.what for each in group]), group[0].got, allowed) for allowed, group in by_fault.items()
    ]
    if joined:
        unreadable = all(isinstance(error, UnreadablePictureError) for error in errors)
        raise (UnreadablePictureError if unreadable else InvalidInputError).of(joined)

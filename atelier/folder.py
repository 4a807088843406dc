"""A folder of a garment's pictures, read and checked as Prepare does, before anything is put anywhere."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from contracts.dataset import INFO, DatasetInfo
from contracts.dataset_files import DatasetFiles, composed, is_litter, refuse
from contracts.dataset_texts import LARGEST_CAPTION, LARGEST_TEXT, LINES, Captions, read_captions, read_info
from contracts.errors import InvalidInputError, Problem
from contracts.garments import english
from contracts.pictures import START, format_of, other_format
from contracts.prediction import LONGEST_PICTURE

_ARTICLES = ("a ", "an ", "the ")


@dataclass(frozen=True, kw_only=True)
class PictureFolder:
    """A data set on this machine. ``paths`` are the files that a training uses, by their names in the data set."""

    paths: Mapping[str, Path]
    files: DatasetFiles
    info: DatasetInfo | None
    notes: tuple[str, ...]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(path.stat().st_size for path in self.paths.values())

    @property
    def prompt(self) -> str:
        """The folder's own instance prompt; empty where it has none."""
        return self.info.instance_prompt if self.info else ""


def read_folder(path: str | Path, *, task: str = "inpaint") -> PictureFolder:
    """Read a folder of pictures, with what may lie beside them (``docs/datasets.md``). Raises InvalidInputError with all that is wrong."""
    root = Path(path)
    if not root.is_dir():
        raise InvalidInputError("folder", got=str(root), allowed="a folder of pictures")
    found = {name: file for name, file in _found(root).items() if not is_litter(name)}
    files = DatasetFiles.of(found)
    texts = (*files.captions, *((INFO,) if files.info else ()))
    used = {name: found[name] for name in (*files.used, *texts)}
    refuse(_sizes(files, used))
    faults, captions, info = [*_formats(files, used)], Captions(words={}), None
    try:
        captions = read_captions(files, {name: used[name].read_bytes() for name in files.captions})
    except InvalidInputError as error:
        faults += error.problems
    try:
        info = read_info(used[INFO].read_bytes()) if files.info else None
    except InvalidInputError as error:
        faults += error.problems
    refuse(faults)
    notes = (*files.notes(task, prior=True), *captions.notes)
    return PictureFolder(
        paths={composed(name): file for name, file in used.items()}, files=files, info=info, notes=notes
    )


def default_prompt(target: str) -> str:
    """Words to learn a garment by, made of those that find it, in English: ``a photo of sks skirt``."""
    words = english(target).strip()
    for article in _ARTICLES:
        words = words[len(article) :] if words.lower().startswith(article) else words
    return f"a photo of sks {words}"


def _found(root: Path) -> dict[str, Path]:
    """Every file by its name relative to the folder."""
    return {file.relative_to(root).as_posix(): file for file in sorted(root.rglob("*")) if file.is_file()}


def _sizes(files: DatasetFiles, paths: Mapping[str, Path]) -> Iterator[Problem]:
    limits = dict.fromkeys(files.used, LONGEST_PICTURE)
    limits |= {name: LARGEST_TEXT if name in LINES else LARGEST_CAPTION for name in files.captions}
    limits |= {INFO: LARGEST_CAPTION} if files.info else {}
    for name, largest in limits.items():
        size = paths[name].stat().st_size
        if not 0 < size <= largest:
            yield Problem(f"size of {name}", f"{size} bytes", f"1 to {largest} bytes")


def _formats(files: DatasetFiles, paths: Mapping[str, Path]) -> Iterator[Problem]:
    for name in files.used:
        with paths[name].open("rb") as file:
            start = file.read(START)
        if format_of(start) is None:
            allowed = "a PNG, JPEG, WebP or HEIC file, whatever its ending"
            yield Problem(name, other_format(start) or start[:12], allowed)

"""A catalogue on this machine, read and checked as the API does before anything is put anywhere: a list of rows, or a folder of photos."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from atelier.files import content_type_of
from contracts.batch_rows import Numbered, RowProblems, check_rows, read_row, rows_of_csv, rows_of_lines
from contracts.batch_template import fill
from contracts.batches import LARGEST_MANIFEST, Row
from contracts.dataset import PICTURE_SUFFIXES
from contracts.dataset_files import is_litter
from contracts.errors import InvalidInputError
from contracts.layout import UPLOADS
from contracts.pictures import START, format_of, other_format
from contracts.prediction import PredictionInput

PICTURES = ("image", "mask")
"""Fields of an input that may name a file of this machine."""

_ELSEWHERE = (UPLOADS, "data:", "s3://", "http://", "https://")
"""How texts begin that name no file of this machine."""
_TAKEN = re.compile(r"(?<!\{)\{([^{}]+)\}")
_STYLE = "style"
"""The column that is the version, where nothing else says one."""
_STAND_IN = f"{UPLOADS}0/0/picture"


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """Rows with their lines, what is ``asked`` for each, and ``places``: which file a row's field (``line``, ``field``) names.

    ``version`` and ``input`` are the batch's templates.
    """

    rows: Sequence[Numbered]
    version: str
    input: Mapping[str, Any]
    places: Mapping[tuple[int, str], Path]
    asked: Sequence[PredictionInput]

    @property
    def photos(self) -> Sequence[Path]:
        """The files to put, each once."""
        return list(dict.fromkeys(self.places.values()))

    @property
    def size(self) -> int:
        """Bytes of these files."""
        return sum(path.stat().st_size for path in self.photos)

    def manifest(self, uris: Mapping[Path, str]) -> bytes:
        """JSON Lines: each row where it stands in its own file, so that errors name the line that somebody wrote."""
        lines, last = list[str](), 0
        for line, row in self.rows:
            added = {column_of(name): uris[self.places[line, name]] for name in PICTURES if (line, name) in self.places}
            lines += [""] * (line - last - 1) + [json.dumps({**row, **added}, ensure_ascii=False)]
            last = line
        return ("\n".join(lines) + "\n").encode()


def column_of(field: str) -> str:
    """The column that holds the address of the file which a field names: what the list says stays as it is."""
    return f"input.{field}"


def read_catalogue(
    source: str | Path,
    input: Mapping[str, Any] | None = None,  # noqa: A002 the API's own name
    *,
    version: str = "",
) -> Catalogue:
    """Read a CSV or JSON Lines file, or a folder of photos, whose rows have the columns ``image`` and ``name``.

    A column that is called as a field of a prediction's input is that field, and ``style`` the version, unless ``input`` and
    ``version`` say otherwise, or a longer text takes it: in ``a {colour} skirt``, the column ``colour`` is a word. Files that ``image``
    and ``mask`` name are looked for beside the list. Raises InvalidInputError with everything that is wrong, OSError.
    """
    path = Path(source)
    rows, root = (_of_folder(path), path) if path.is_dir() else (_of_file(path), path.parent)
    columns = dict.fromkeys(column for _, row in rows for column in row)
    spoken = {name for text in (input or {}).values() for name in _columns_in_words(text)}
    named = {name: f"{{{name}}}" for name in PredictionInput.model_fields if name in columns and name not in spoken}
    template = {**named, **(input or {})}
    version = version or (f"{{{_STYLE}}}" if _STYLE in columns else "")
    return _placed(rows, root, template, version)


def _columns_in_words(text: Any) -> list[str]:
    """The columns that a text takes in among other words."""
    found = _TAKEN.findall(text) if isinstance(text, str) else []
    return [] if [text] == [f"{{{name}}}" for name in found] else [name.strip() for name in found]


def _of_folder(folder: Path) -> list[Numbered]:
    found = sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())
    names = [name for name in found if name.lower().endswith(PICTURE_SUFFIXES) and not is_litter(name)]
    if not names:
        raise InvalidInputError("folder", got=str(folder), allowed=f"one with pictures ({', '.join(PICTURE_SUFFIXES)})")
    rows = ({"image": name, "name": name.rpartition("/")[2]} for name in names)
    return check_rows(enumerate(rows, start=1))


def _of_file(path: Path) -> list[Numbered]:
    kinds = {".csv": rows_of_csv, ".jsonl": rows_of_lines}
    read = kinds.get(path.suffix.lower())
    if read is None:
        raise InvalidInputError(
            "batch", got=str(path), allowed="a file ending in .csv or .jsonl, or a folder of photos"
        )
    content = path.read_bytes()
    if len(content) > LARGEST_MANIFEST:
        raise InvalidInputError(str(path), got=f"{len(content):,} bytes", allowed=f"at most {LARGEST_MANIFEST:,}")
    try:
        return check_rows(read(content.decode("utf-8-sig")))
    except UnicodeDecodeError as error:
        raise InvalidInputError(str(path), got=f"byte {error.start} that is none", allowed="UTF-8") from error


def _placed(rows: Sequence[Numbered], root: Path, template: Mapping[str, Any], version: str) -> Catalogue:
    """The catalogue. Raises InvalidInputError."""
    problems, places, asked = RowProblems(), dict[tuple[int, str], Path](), list[PredictionInput]()
    named = [name for name in PICTURES if name in template]
    for line, row in rows:
        try:
            found = dict(_files(template, named, row, root))
            for path in found.values():
                _check(path)
            places |= {(line, name): path for name, path in found.items()}
            asked.append(read_row(version, {**template, **dict.fromkeys(found, _STAND_IN)}, row).input)
        except InvalidInputError as error:
            problems.add(line, error)
    problems.settle()
    return Catalogue(
        rows=[(line, _completed(line, row, named, template, places)) for line, row in rows],
        version=version,
        input={**template, **{name: f"{{{column_of(name)}}}" for name in {name for _, name in places}}},
        places=places,
        asked=asked,
    )


def _files(template: Mapping[str, Any], named: Sequence[str], row: Row, root: Path) -> Iterator[tuple[str, Path]]:
    for name in named:
        text = fill(f"input.{name}", template[name], row)
        if isinstance(text, str) and text and not text.startswith(_ELSEWHERE):
            # What somebody says of all rows at once is meant from where they are; what a list says, from where it is.
            yield name, (root if "{" in str(template[name]) else Path()) / Path(text).expanduser()


def _check(path: Path) -> None:
    """Raises InvalidInputError unless a picture is there, under a name that tells what it is."""
    content_type_of(path.name)
    try:
        with path.open("rb") as file:
            start = file.read(START)
    except OSError as error:
        raise InvalidInputError(str(path), got=error.strerror, allowed="a picture's file") from error
    if format_of(start) is None:
        raise InvalidInputError(str(path), got=other_format(start) or "no picture", allowed=", ".join(PICTURE_SUFFIXES))


def _completed(
    line: int, row: Row, named: Sequence[str], template: Mapping[str, Any], places: Mapping[tuple[int, str], Path]
) -> Row:
    """The row; where another row's field is a file and this one's is not, with what it is."""
    mixed = [name for name in named if (line, name) not in places and any(field == name for _, field in places)]
    return {**row, **{column_of(name): fill(f"input.{name}", template[name], row) for name in mixed}}

"""Pictures as people have them, on their way into a request: small ones stand in its body, large ones are put first."""

import base64
from pathlib import Path
from typing import TypeAlias

from atelier import files
from atelier.steps import Steps
from contracts.answers import File
from contracts.errors import InvalidInputError
from contracts.file_answers import StoredFile
from contracts.pictures import START, format_of, other_format

Picture: TypeAlias = str | Path | bytes | File | StoredFile
"""A picture's path on this machine, its file's contents, or what ``files.upload`` gave."""

LARGEST_INLINE = 1_500_000
"""Bytes of a file that stands in a request's body: a body of two such pictures is as large as the API takes."""

_ENDINGS = {"png": ".png", "jpeg": ".jpg", "webp": ".webp", "heic": ".heic"}


def placed(picture: Picture, *, what: str = "photo") -> Steps[str]:
    """The picture as ``image`` or ``mask`` of a request takes it. Raises InvalidInputError, OSError, ApiError."""
    if isinstance(picture, File | StoredFile):
        return picture.uri
    source = picture if isinstance(picture, bytes) else Path(picture)
    size = len(source) if isinstance(source, bytes) else source.stat().st_size
    if size <= LARGEST_INLINE:
        return inline(source)
    kind = _format(source)
    # A file may be called otherwise than what it is; the API goes by the name.
    name = f"{source.stem if isinstance(source, Path) else what}{_ENDINGS[kind]}"
    file = yield from files.upload(source, name=name, content_type=f"image/{kind}")
    return file.uri


def inline(picture: Path | bytes) -> str:
    """A picture's file as a ``data:`` URI. Raises InvalidInputError, OSError."""
    kind = _format(picture)
    content = picture if isinstance(picture, bytes) else picture.read_bytes()
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def _format(picture: Path | bytes) -> str:
    """What its first bytes say."""
    if isinstance(picture, bytes):
        start = picture[:START]
    else:
        with picture.open("rb") as file:
            start = file.read(START)
    kind = format_of(start)
    if kind is None:
        where = str(picture) if isinstance(picture, Path) else "picture"
        got = other_format(start) or start[:12]
        raise InvalidInputError(where, got=got, allowed="a PNG, JPEG, WebP or HEIC file, whatever its ending")
    return kind

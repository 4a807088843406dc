"""Putting files where the API reads them."""

from collections.abc import Callable
from pathlib import Path

from atelier.pages import Listing, page
from atelier.sending import ask, call, query, send
from atelier.steps import HttpCall, Steps
from contracts.answers import File
from contracts.errors import InvalidInputError
from contracts.file_answers import StoredFile
from contracts.file_kinds import KINDS, kind_of

_PUT_ALREADY = 412


def upload(
    content: bytes | str | Path,
    *,
    name: str = "",
    content_type: str = "",
    style: str = "",
    sent: Callable[[int], None] | None = None,
) -> Steps[File]:
    """Put one file: for a prediction or an import, or with ``style`` into its dataset.

    ``name`` is by default the file's own, and its ending tells the type; ``sent`` hears of bytes as they go.
    Raises InvalidInputError, OSError, ApiError.
    """
    source = content if isinstance(content, bytes) else Path(content)
    name = name or (source.name if isinstance(source, Path) else "")
    size = source.stat().st_size if isinstance(source, Path) else len(source)
    body = {
        "name": name,
        "content_type": content_type or content_type_of(name),
        "size": size,
        "purpose": "dataset" if style else "upload",
        **({"style": style} if style else {}),
    }
    place = yield from ask(File, "POST", "/v1/files", body)
    put = HttpCall(method="PUT", address=place.urls.upload, content=source, headers=place.headers, sent=sent)
    yield from send(put, done=_PUT_ALREADY)
    return place


def content_type_of(name: str) -> str:
    """What a file's ending says that it is. Raises InvalidInputError."""
    kind = kind_of(name)
    if not kind:
        raise InvalidInputError("file name", got=name, allowed=f"a name ending in {', '.join(sorted(KINDS))}")
    return kind


def listing(*, style: str = "", limit: int = 20, cursor: str = "") -> Steps[Listing[StoredFile]]:
    """The client's own uploads or, with ``style``, the files of its dataset, a page."""
    return page(StoredFile, query("/v1/files", {"style": style}), limit=limit, cursor=cursor)


def get(file: str) -> Steps[StoredFile]:
    """A file that was put, with a fresh address."""
    return ask(StoredFile, "GET", f"/v1/files/{file}")


def delete(file: str) -> Steps[None]:
    """Remove a file for good."""
    yield from send(call("DELETE", f"/v1/files/{file}"), done=404)

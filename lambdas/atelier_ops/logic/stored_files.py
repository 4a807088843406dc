"""GET and DELETE of /v1/files: the uploads that a client has put, and the files of a dataset."""

import hashlib
import re
from dataclasses import dataclass
from itertools import chain
from typing import Any

from aws_lambda_powertools.event_handler import Response

from atelier_ops.gateways.storage import ObjectStore, StoredObject
from atelier_ops.logic.http import ID_LENGTH, Dependencies, ProblemError, Request, nothing, respond
from atelier_ops.logic.ownership import may_read, require_changeable, require_readable
from atelier_ops.logic.paging import fitting, page, position, read_query
from atelier_ops.logic.timestamps import rfc3339
from contracts.file_kinds import WEIGHTS, kind_of
from contracts.layout import STYLE_PATTERN, UPLOADS, dataset_prefix
from contracts.queries import FilesQuery

URL_SECONDS = 3_600
"""Seconds that an address works; asking again gives a new one."""

_DATASET_ID = re.compile(rf"({STYLE_PATTERN})_[0-9a-f]{{{ID_LENGTH}}}")
_UPLOAD_ID = re.compile(rf"[0-9a-f]{{{ID_LENGTH}}}")


@dataclass(frozen=True, kw_only=True)
class _Kept:
    """One file: where it lies, and the style whose dataset it is of, if it is one's."""

    store: ObjectStore
    entry: StoredObject
    style: str = ""

    @property
    def place(self) -> list[str]:
        """Among all, in order of time."""
        return [rfc3339(self.entry.written), self.entry.key]


def dataset_file_id(style: str, key: str) -> str:
    """What names a dataset's file, for as long as it lies at this key."""
    return f"{style}_{hashlib.sha256(key.encode()).hexdigest()[:ID_LENGTH]}"


def list_files(request: Request, dependencies: Dependencies) -> Response[str]:
    """200 with a page of the client's uploads, or of a dataset's files. Raises ProblemError 404, InvalidInputError."""
    query = read_query(request, FilesQuery)
    after = position(query, 2)
    if query.style:
        require_readable(query.style, request, dependencies)
    every = _dataset(query.style, dependencies) if query.style else _uploads(request, dependencies)
    behind = [each for each in sorted(every, key=lambda each: each.place, reverse=True) if _is_behind(each, after)]
    shown = fitting(behind[: query.limit], lambda kept: _show(kept, dependencies))
    last = shown[-1][0].place if len(shown) < len(behind) else None
    return page(request, query, [each for _, each in shown], last)


def get(request: Request, dependencies: Dependencies, name: str) -> Response[str]:
    """200 with the file. Raises ProblemError 404."""
    return respond(200, _show(_existing(name, request, dependencies), dependencies))


def delete(request: Request, dependencies: Dependencies, name: str) -> Response[str]:
    """204 once the file is gone. Raises ProblemError 403 and 404."""
    kept = _existing(name, request, dependencies)
    if kept.style:
        require_changeable(kept.style, request, dependencies)
    kept.store.delete(kept.entry.key)
    return nothing()


def _is_behind(kept: _Kept, after: Any) -> bool:
    return after is None or kept.place < list(after)


def _existing(name: str, request: Request, dependencies: Dependencies) -> _Kept:
    """The client's own file of this id, or one of a dataset that it may read. Raises ProblemError 404."""
    of_dataset = _DATASET_ID.fullmatch(name)
    found = list[_Kept]()
    if of_dataset and may_read(of_dataset[1], request, dependencies):
        found = [each for each in _dataset(of_dataset[1], dependencies) if _id(each) == name]
    elif _UPLOAD_ID.fullmatch(name):
        found = _uploads(request, dependencies, f"{name}/")
    if not found:
        days = dependencies.keep_seconds // 86_400
        allowed = f"one of the client's own that was put in the last {days} days, or of a dataset of its own"
        raise ProblemError(404, f"file: got {name}; allowed: {allowed}")
    return found[0]


def _uploads(request: Request, dependencies: Dependencies, below: str = "") -> list[_Kept]:
    folders = (f"{UPLOADS}{folder}/{below}" for folder in request.folders)
    entries = chain.from_iterable(map(dependencies.media.listing, folders))
    return [_Kept(store=dependencies.media, entry=entry) for entry in entries]


def _dataset(style: str, dependencies: Dependencies) -> list[_Kept]:
    entries = dependencies.data.listing(dataset_prefix(style))
    return [_Kept(store=dependencies.data, entry=entry, style=style) for entry in entries]


def _id(kept: _Kept) -> str:
    return dataset_file_id(kept.style, kept.entry.key) if kept.style else kept.entry.key.split("/")[2]


def _show(kept: _Kept, dependencies: Dependencies) -> dict[str, Any]:
    entry, style = kept.entry, kept.style
    name = entry.key.removeprefix(dataset_prefix(style)) if style else entry.key.rpartition("/")[2]
    return {
        "id": _id(kept),
        "name": name,
        "content_type": kind_of(name) or WEIGHTS,  # POST /v1/files takes no other ending
        "size": entry.size,
        "etag": entry.etag,
        "checksums": {},
        "metadata": {},
        "purpose": "dataset" if style else "upload",
        "style": style or None,
        "uri": entry.key,
        "created_at": rfc3339(entry.written),
        "expires_at": None if style else rfc3339(entry.written + dependencies.keep_seconds),
        "urls": {"get": kept.store.get_url(entry.key, URL_SECONDS)},
    }

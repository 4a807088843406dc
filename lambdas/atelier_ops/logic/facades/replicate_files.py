"""POST /v1/files with the file itself, as Replicate's clients send it."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.event_handler import Response

from atelier_ops.logic.http import Dependencies, Request, respond
from atelier_ops.logic.timestamps import rfc3339
from atelier_ops.logic.uploads import URL_SECONDS, place
from contracts.errors import InvalidInputError
from contracts.file_kinds import ENDINGS, WEIGHTS
from contracts.forms import read_fields
from contracts.multipart import FormPart
from contracts.pictures import START, format_of
from contracts.requests import FileForm, FileRequest

_UNKNOWN = ("", "application/octet-stream")


def create(request: Request, dependencies: Dependencies) -> Response[str]:
    """201 with the file, which is there. The same Idempotency-Key gives it the same place. Raises ProblemError, InvalidInputError."""
    content, metadata = _fields(request.read_form())
    kind = _kind(content)
    body = FileRequest.from_json(
        {"name": _name(content, kind), "content_type": kind, "size": len(content.body), "purpose": "upload"}
    )
    upload, now = request.new_id("file"), dependencies.now
    store, key = place(upload, body, request, dependencies)
    store.write(key, content.body, kind)
    md5 = hashlib.md5(content.body, usedforsecurity=False).hexdigest()
    return respond(
        201,
        {
            "id": upload,
            "name": key.rpartition("/")[2],
            "content_type": kind,
            "size": len(content.body),
            "etag": md5,
            "checksums": {"md5": md5, "sha256": hashlib.sha256(content.body).hexdigest()},
            "metadata": metadata,
            "uri": key,
            "created_at": rfc3339(now),
            "expires_at": rfc3339(now + dependencies.keep_seconds),
            "urls": {"get": store.get_url(key, URL_SECONDS)},
        },
    )


def _fields(parts: list[FormPart]) -> tuple[FormPart, Mapping[str, Any]]:
    """The file and its metadata. Raises InvalidInputError."""
    form = FileForm.from_json(read_fields(parts, FileForm))
    try:
        metadata = json.loads(form.metadata or "{}")
    except ValueError:
        metadata = None
    if not isinstance(metadata, dict):
        raise InvalidInputError("metadata", got=form.metadata, allowed="a JSON object")
    return next(part for part in parts if part.name == "content"), metadata


def _kind(content: FormPart) -> str:
    """Its media type as said, or where nothing is said as the file itself shows."""
    if content.content_type not in _UNKNOWN:
        return content.content_type
    shown = format_of(content.body[:START])
    return f"image/{shown}" if shown else WEIGHTS


def _name(content: FormPart, kind: str) -> str:
    """The file's name; one that a program made up gets the ending of its type."""
    name = content.filename or "file"
    endings = ENDINGS.get(kind, ())
    # A picture's type was read from the file, and may be another than its name says; weights are known by their name alone.
    return name if name.lower().endswith(endings) or kind == WEIGHTS else f"{name}{endings[0] if endings else ''}"

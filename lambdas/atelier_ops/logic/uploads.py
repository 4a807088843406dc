"""POST /v1/files: an address to put one file at, for a prediction's pictures or a training's dataset."""

import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from aws_lambda_powertools.event_handler import Response

from atelier_ops.gateways.storage import ObjectStore
from atelier_ops.logic.http import Dependencies, Request, respond
from atelier_ops.logic.timestamps import rfc3339
from contracts.dataset import CAPTIONS, EVALUATION, INFO, MASKS
from contracts.errors import InvalidInputError
from contracts.layout import S3Uri, dataset_prefix, upload_key
from contracts.requests import ContentType, FileRequest

URL_SECONDS = 3_600
"""Seconds both addresses work."""

ENDINGS: Mapping[ContentType, tuple[str, ...]] = {
    "image/png": (".png",),
    "image/jpeg": (".jpg", ".jpeg"),
    "image/webp": (".webp",),
    "application/json": (".json",),
    "application/jsonl": (".jsonl",),
}
UPLOADS = ("image/png", "image/jpeg", "image/webp")
DATASET = ("image/png", "image/jpeg", "application/json", "application/jsonl")


def create(request: Request, dependencies: Dependencies) -> Response[str]:
    """201 with ``urls.upload``: one PUT with the same Content-Type. Raises ProblemError, InvalidInputError."""
    body, now = FileRequest.from_json(request.read_json()), dependencies.now
    upload = request.new_id("file")
    store, key = _place(upload, body, dependencies)
    return respond(
        201,
        {
            "id": upload,
            "name": PurePosixPath(key).name,
            "content_type": body.content_type,
            "uri": str(S3Uri(bucket=store.bucket, key=key)),
            "created_at": rfc3339(now),
            "expires_at": rfc3339(now + URL_SECONDS),
            "urls": {
                "upload": store.put_url(key, body.content_type, URL_SECONDS),
                "get": store.get_url(key, URL_SECONDS),
            },
        },
    )


def _place(upload: str, body: FileRequest, dependencies: Dependencies) -> tuple[ObjectStore, str]:
    """Bucket and key. Raises InvalidInputError where name, type and purpose do not go together."""
    kind, name = body.content_type, body.name
    if body.purpose == "upload":
        _check_kind(kind, UPLOADS)
        return dependencies.media, upload_key(upload, _safe(name, kind))
    _check_kind(kind, DATASET)
    folder, base = _folder(name)
    safe = _safe(base, kind)
    if not kind.startswith("image/") and (folder or safe not in (INFO, CAPTIONS)):
        raise InvalidInputError("name", got=name, allowed=f"{INFO} | {CAPTIONS}, or a picture")
    return dependencies.data, dataset_prefix(body.style) + folder + safe


def _check_kind(kind: ContentType, allowed: tuple[str, ...]) -> None:
    if kind not in allowed:
        raise InvalidInputError("content_type", got=kind, allowed=" | ".join(allowed))


def _folder(name: str) -> tuple[str, str]:
    """A dataset has two folders; any other path is part of no dataset."""
    for folder in (MASKS, EVALUATION):
        if name.startswith(folder):
            return folder, name.removeprefix(folder)
    if "/" in name:
        raise InvalidInputError("name", got=name, allowed=f"a file name, {MASKS}… or {EVALUATION}…")
    return "", name


def _safe(name: str, kind: ContentType) -> str:
    """The name's last part, with anything unusual replaced; its ending must go with the content type."""
    last = re.split(r"[/\\]", name)[-1]
    safe = re.sub(r"[^a-zA-Z0-9._-]", "_", last).lstrip(".")
    if not safe or not safe.lower().endswith(ENDINGS[kind]) or safe.lower() in ENDINGS[kind]:
        allowed = f"a name ending in {' or '.join(ENDINGS[kind])}, as {kind} does"
        raise InvalidInputError("name", got=name, allowed=allowed)
    return safe

"""POST /v1/files: an address to put one file at: a prediction's picture, a batch's rows, an adapter's weights, or a file of a dataset."""

import re
from collections.abc import Collection, Mapping
from pathlib import PurePosixPath

from aws_lambda_powertools.event_handler import Response

from atelier_ops.gateways.storage import ObjectStore, Upload
from atelier_ops.logic.http import Dependencies, Request, respond
from atelier_ops.logic.ownership import claim
from atelier_ops.logic.repeats import note, remember
from atelier_ops.logic.stored_files import dataset_file_id
from atelier_ops.logic.timestamps import rfc3339
from contracts.batches import LARGEST_MANIFEST
from contracts.dataset import CAPTIONS, INFO, METADATA, PICTURE_ENDINGS
from contracts.dataset_files import FOLDERS, LONGEST_NAME, composed, is_litter
from contracts.errors import InvalidInputError
from contracts.file_kinds import ENDINGS, LINES, TABLE, WEIGHTS
from contracts.layout import dataset_prefix, upload_key
from contracts.prediction import LONGEST_PICTURE
from contracts.requests import LARGEST_UPLOAD, ContentType, FileRequest

URL_SECONDS = 3_600
"""Seconds both addresses work."""

UPLOADS = (*PICTURE_ENDINGS, WEIGHTS, LINES, TABLE)
DATASET = tuple(kind for kind in ENDINGS if kind not in (WEIGHTS, TABLE))
TEXTS = (INFO, CAPTIONS, METADATA)

_LARGEST: Mapping[ContentType, tuple[int, str]] = {
    WEIGHTS: (LARGEST_UPLOAD, "an adapter"),
    **dict.fromkeys((LINES, TABLE), (LARGEST_MANIFEST, "a batch's rows")),
}
"""Of an upload that is no picture."""

_UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff\\]")
"""Control characters, what XML cannot hold, and the slash of Windows, which would be a folder on some disks."""


def create(request: Request, dependencies: Dependencies) -> Response[str]:
    """201 with ``urls.upload``: a PUT of the file's size with the ``headers``. The same Idempotency-Key and body give the same address.

    Raises ProblemError, InvalidInputError.
    """
    body, now = FileRequest.from_json(request.read_json()), dependencies.now
    upload = request.new_id("file")
    store, key = place(upload, body, request, dependencies)
    if body.purpose == "dataset":
        claim(body.style, request, dependencies)
    if request.idempotency_key():
        remember(note("file", upload, body.to_json(), now), dependencies.records)
    # A dataset's file may be replaced by a better one. What was uploaded for a request is checked, and must stay what it was.
    takes = Upload(content_type=body.content_type, size=body.size, once=body.purpose == "upload")
    return respond(
        201,
        {
            "id": upload if body.purpose == "upload" else dataset_file_id(body.style, key),
            "name": PurePosixPath(key).name,
            "content_type": body.content_type,
            "size": body.size,
            "headers": takes.headers,
            "uri": key,
            "created_at": rfc3339(now),
            "expires_at": rfc3339(now + URL_SECONDS),
            "urls": {"upload": store.put_url(key, takes, URL_SECONDS), "get": store.get_url(key, URL_SECONDS)},
        },
    )


def place(upload: str, body: FileRequest, request: Request, dependencies: Dependencies) -> tuple[ObjectStore, str]:
    """Bucket and key. Raises InvalidInputError where name, type, size and purpose do not go together."""
    kind, name = body.content_type, composed(body.name)
    if body.purpose == "upload":
        _check_kind(kind, UPLOADS)
        most, of = _LARGEST.get(kind, (LONGEST_PICTURE, "a picture"))
        if body.size > most:
            raise InvalidInputError("size", got=body.size, allowed=f"at most {most} bytes of {of}")
        last = re.split(r"[/\\]", name)[-1]
        _check_name(last, kind)
        return dependencies.media, upload_key(request.folder, upload, last)
    _check_kind(kind, DATASET)
    folder, slash, last = name.rpartition("/")
    if folder + slash not in FOLDERS:
        places = ", ".join(f"{each}…" for each in FOLDERS if each)
        raise InvalidInputError("name", got=name, allowed=f"a file name, {places}")
    _check_name(last, kind)
    if (kind.startswith("application/") and name not in TEXTS) or (kind == "text/plain" and folder):
        texts = f"{' | '.join(TEXTS)}, or the .txt of a picture"
        raise InvalidInputError("name", got=name, allowed=f"{texts}, or a picture")
    return dependencies.data, dataset_prefix(body.style) + name


def _check_kind(kind: ContentType, allowed: Collection[str]) -> None:
    if kind not in allowed:
        raise InvalidInputError("content_type", got=kind, allowed=" | ".join(allowed))


def _check_name(name: str, kind: ContentType) -> None:
    """A name is kept as it is, because captions and masks say it again; so what no part of ours could keep is refused."""
    endings = ENDINGS[kind]
    if not name.lower().endswith(endings) or name.lower() in endings:
        raise InvalidInputError("name", got=name, allowed=f"a name ending in {' or '.join(endings)}, as {kind} does")
    if is_litter(name):
        raise InvalidInputError("name", got=name, allowed="no name that starts with a dot: no part of ours reads it")
    if len(name.encode()) > LONGEST_NAME:
        got = f"{len(name.encode())} bytes of UTF-8"
        raise InvalidInputError("name", got=got, allowed=f"at most {LONGEST_NAME} bytes without its folder")
    if _UNFIT.search(name):
        raise InvalidInputError("name", got=name, allowed="letters, digits and signs of any script")

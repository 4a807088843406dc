"""The rows of a batch: inline, of an uploaded CSV or JSON Lines file, or one for each of the client's own uploads."""

from collections.abc import Iterator
from itertools import chain

from atelier_ops.gateways.storage import ObjectStore
from atelier_ops.logic.http import Request
from atelier_ops.logic.own_uploads import own_upload
from contracts.batch_rows import Numbered, check_rows, rows_of_csv, rows_of_lines
from contracts.batches import LARGEST_MANIFEST, BatchWish, Row
from contracts.errors import InvalidInputError, Problem
from contracts.layout import UPLOADS


def read_rows(asked: BatchWish, request: Request, media: ObjectStore) -> list[Numbered]:
    """Every row. Raises InvalidInputError with everything that is wrong."""
    if asked.manifest:
        return check_rows(_of_manifest(asked.manifest, request, media))
    if asked.prefix:
        return check_rows(list(enumerate(_of_uploads(asked.prefix, request, media), start=1)))
    return check_rows(list(enumerate(asked.items, start=1)))


def _of_manifest(manifest: str, request: Request, media: ObjectStore) -> list[Numbered | Problem]:
    key = own_upload(manifest, request, where="manifest")
    stored = media.uploaded(key)
    if stored is None or not 0 < stored.size <= LARGEST_MANIFEST:
        allowed = f"a file of 1 to {LARGEST_MANIFEST:,} bytes that was put to the urls.upload which POST /v1/files gave"
        raise InvalidInputError(
            "manifest", got=f"{stored.size:,} bytes" if stored else "nothing there", allowed=allowed
        )
    try:
        text = media.read(key).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInputError("manifest", got=f"byte {error.start} that is none", allowed="UTF-8") from error
    return list(rows_of_csv(text) if key.lower().endswith(".csv") else rows_of_lines(text))


def _of_uploads(prefix: str, request: Request, media: ObjectStore) -> Iterator[Row]:
    """A row for each upload whose name begins so, by name."""
    entries = chain.from_iterable(media.listing(f"{UPLOADS}{folder}/") for folder in request.folders)
    keys = (entry.key for entry in entries)
    named = sorted((key.rpartition("/")[2], key) for key in keys)
    return ({"image": key, "name": name} for name, key in named if name.startswith(prefix))

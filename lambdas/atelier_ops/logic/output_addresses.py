"""Where a client reads the pictures of a prediction."""

import base64
from collections.abc import Sequence

from atelier_ops.errors import MissingObjectError
from atelier_ops.gateways.records import Record
from atelier_ops.gateways.storage import ObjectStore
from atelier_ops.logic.http import Dependencies, ProblemError, Request
from atelier_ops.logic.timestamps import seconds
from contracts.layout import FOUND_MASKS

URL_SECONDS = 3_600
"""Seconds an address works; asking again gives new ones."""

MOST_INLINE = 4 * 2**20
"""Bytes of pictures that an answer holds itself: in base64 a third more, of the 6 MB that a Lambda may give."""

_SENDS_ITS_KEY = "replicate-python/"
_TYPES = {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp"}


def are_kept(record: Record, dependencies: Dependencies) -> bool:
    """Whether the pictures of the prediction are still there, if it has some: they may be kept less long than what is said of them."""
    ended = record.data.get("completed_at")
    return not ended or dependencies.now - seconds(ended) < dependencies.picture_seconds


def gone(dependencies: Dependencies) -> str:
    """A line of a prediction's logs, once they are not."""
    return f"pictures were kept for {dependencies.picture_seconds // 86_400} days, and are gone\n"


def kept_outputs(record: Record, dependencies: Dependencies) -> tuple[list[str], str]:
    """The keys of a prediction's pictures and masks that are still there, and a line of its logs for each kind that is not."""
    keys, ended = record.data.get("outputs", []), record.data.get("completed_at")
    if not are_kept(record, dependencies):
        return [], gone(dependencies)
    masks = [key for key in keys if key.startswith(FOUND_MASKS)]
    if not masks or not ended or dependencies.now - seconds(ended) < dependencies.mask_seconds:
        return keys, ""
    said = f"masks were kept for {dependencies.mask_seconds // 86_400} days, and are gone\n"
    return [key for key in keys if key not in masks], said


def require_kept(record: Record, dependencies: Dependencies) -> None:
    """Raises ProblemError 422 where somebody repeats a request whose pictures are gone."""
    if not are_kept(record, dependencies):
        got = f"that of a request whose {gone(dependencies).strip()}"
        raise ProblemError(422, f"Idempotency-Key: got {got}; allowed: another, and it is painted again")


def addresses(keys: Sequence[str], request: Request, media: ObjectStore, *, alone: bool) -> list[str]:
    """A presigned address for each picture, or for Replicate's Python client the picture itself, as a ``data:`` URI.

    That client sends its Authorization header to whatever it reads (``replicate.helpers.FileOutput.read``, 1.0.7), and S3 refuses a
    presigned address with such a header: "Only one auth mechanism allowed". Of a data: URI it reads what is there. Where the pictures
    are larger than ``MOST_INLINE`` together, or the prediction is not shown ``alone``, it gets addresses too, which any other reader
    can use.
    """
    if alone and _SENDS_ITS_KEY in request.headers.get("user-agent", ""):
        inline = _inline(keys, media)
        if inline is not None:
            return inline
    return [media.get_url(key, URL_SECONDS) for key in keys]


def _inline(keys: Sequence[str], media: ObjectStore) -> list[str] | None:
    left, uris = MOST_INLINE, []
    for key in keys:
        stored = media.uploaded(key)
        if stored is None or stored.size > left:
            return None
        left -= stored.size
        try:
            body = media.read(key)
        except MissingObjectError:  # it has been deleted this moment
            return None
        uris.append(f"data:{_TYPES[key.rpartition('.')[2]]};base64,{base64.b64encode(body).decode()}")
    return uris

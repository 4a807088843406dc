"""Which addresses of uploads a client may name: those that ``POST /v1/files`` gave it."""

import re

from atelier_ops.gateways.storage import ObjectStore
from atelier_ops.logic.http import Request
from contracts.errors import InvalidInputError
from contracts.layout import S3Uri, upload_key

ALLOWED = "the uri that POST /v1/files gave to the same API key"


def own_upload(uri: str, media: ObjectStore, request: Request, *, where: str) -> str:
    """The key of the client's upload at ``uri``. Raises InvalidInputError naming ``where``; whose it is else, it does not say."""
    own = re.escape(f"s3://{media.bucket}/") + upload_key(request.folder, "[^/]+", "[^/]+")
    if not re.fullmatch(own, uri):
        raise InvalidInputError(where, got=uri, allowed=ALLOWED)
    return S3Uri.parse(uri, where=where).key

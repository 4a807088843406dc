"""Which addresses of uploads a client may name: those that ``POST /v1/files`` gave it."""

import re

from atelier_ops.gateways.storage import ObjectStore
from atelier_ops.logic.http import Request
from contracts.errors import InvalidInputError
from contracts.layout import upload_key

LONGEST_KEY = 1_024
"""Bytes of a key of S3, which answers a longer one with an error that could be its own as well.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
"""

ALLOWED = "the uri that POST /v1/files gave to the same API key"


def own_upload(uri: str, media: ObjectStore, request: Request, *, where: str) -> str:
    """The key of the client's upload at ``uri``. Raises InvalidInputError naming ``where``; whose it is else, it does not say."""
    own = re.escape(f"s3://{media.bucket}/") + f"({upload_key(request.folder, '[^/]+', '[^/]+')})"
    found = re.fullmatch(own, uri)
    if found is None or len(found[1].encode()) > LONGEST_KEY:
        raise InvalidInputError(where, got=uri, allowed=ALLOWED)
    return found[1]

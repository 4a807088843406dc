"""Which uploads a client may name: those that ``POST /v1/files`` gave it, by their key, because which bucket it is concerns nobody else."""

import re

from atelier_ops.logic.http import Request
from contracts.errors import InvalidInputError
from contracts.layout import upload_key

LONGEST_KEY = 1_024
"""Bytes of a key of S3, which answers a longer one with an error that could be its own as well.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
"""

ALLOWED = "the uri that POST /v1/files gave to the same API key"


def own_upload(uri: str, request: Request, *, where: str) -> str:
    """The key of the client's upload. Raises InvalidInputError naming ``where``; whose it is else, it does not say."""
    folders = f"(?:{'|'.join(request.folders)})"
    if not re.fullmatch(upload_key(folders, "[^/]+", "[^/]+"), uri) or len(uri.encode()) > LONGEST_KEY:
        raise InvalidInputError(where, got=uri, allowed=ALLOWED)
    return uri

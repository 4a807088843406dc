"""The pictures of a request: inline base64, a data: URI, or a file uploaded before."""

import base64
import binascii
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256

from PIL import Image

from atelier_inference.store import Store
from contracts.errors import InvalidInputError
from contracts.layout import S3Uri
from contracts.prediction import LONGEST_PICTURE
from imaging.pictures import DecodedPicture, decode_mask, measure, read_picture

ALLOWED = "base64 of a PNG, JPEG, WebP or HEIC file, a data: URI, or the uri that POST /v1/files gave"


class PictureReader:
    """Turns ``image`` and ``mask`` values into decoded pictures; ``uploads`` is the only prefix that clients may name."""

    def __init__(self, store: Store, uploads: S3Uri | None) -> None:
        self._store = store
        self._uploads = uploads
        self._thread = threading.local()

    def picture(self, value: str, *, where: str) -> DecodedPicture:
        """An upright RGB picture, with its transparency and its file's hash. Raises InvalidInputError naming ``where``."""
        data = self._admitted(value, where)
        return replace(read_picture(data, name=where), digest=sha256(data).hexdigest())

    def mask(self, value: str, *, convention: str, where: str) -> Image.Image:
        """A mask of a ``convention``, mode ``L``, white where the picture is repainted. Raises InvalidInputError naming ``where``."""
        return decode_mask(self._admitted(value, where), name=where, convention=convention)

    @contextmanager
    def taking_room(self, take: Callable[[int], None]) -> Iterator[None]:
        """Have ``take`` called with a picture's pixels before it is decoded, for what this thread reads inside the block."""
        self._thread.take = take
        try:
            yield
        finally:
            del self._thread.take

    def _admitted(self, value: str, where: str) -> bytes:
        data = self._bytes(value, where)
        width, height = measure(data, name=where)
        take: Callable[[int], None] | None = getattr(self._thread, "take", None)
        if take:
            take(width * height)
        return data

    def _bytes(self, value: str, where: str) -> bytes:
        if value.startswith("s3://"):
            return self._upload(S3Uri.parse(value, where=where), where)
        if value.startswith("data:"):
            header, _, body = value.partition(",")
            if not header.endswith(";base64"):
                raise InvalidInputError(where, got=header, allowed="a data: URI with base64")
            return _from_base64(body, where)
        return _from_base64(value, where)

    def _upload(self, uri: S3Uri, where: str) -> bytes:
        if self._uploads is None or not str(uri).startswith(str(self._uploads)):
            allowed = (
                f"an object below {self._uploads}" if self._uploads else "inline base64: this server takes no uploads"
            )
            raise InvalidInputError(where, got=str(uri), allowed=allowed)
        return self._store.read(uri, where=where, limit=LONGEST_PICTURE)


def _from_base64(text: str, where: str) -> bytes:
    try:
        # MIME encoders break lines; anything else that is not base64 is an error.
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidInputError(where, got=f"{len(text)} characters", allowed=ALLOWED) from error

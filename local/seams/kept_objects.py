"""Objects of S3 are files, which ministack writes before it answers: a failed write is an error here, and a half-finished one is mended."""

import contextvars
import hashlib
from pathlib import Path
from typing import Any

from ministack.services import s3

from local.errors import ServiceError

_failed: contextvars.ContextVar[list[OSError] | None] = contextvars.ContextVar("failed_writes", default=None)


def install() -> None:
    """Mend what a killed server has left, and note writes that fail: ministack only logs them."""
    _mend()
    write = s3._atomic_write

    def noted(path: str, data: Any, *, text: bool = False) -> None:
        try:
            write(path, data, text=text)
        except OSError as error:
            failures = _failed.get()
            if failures is not None:
                failures.append(error)
            raise

    s3._atomic_write = noted


def begin_request() -> None:
    """No write of this request has failed yet."""
    _failed.set([])


def require_written() -> None:
    """Raise ServiceError (503) where a write of this request has failed."""
    if failures := _failed.get():
        raise ServiceError("ServiceUnavailable", f"The local cloud cannot write the object: {failures[0]}", 503)


def _mend() -> None:
    """An object that was replaced when the server was killed may have the bytes of the new one and the description of the old one."""
    for (account, bucket), content in list(s3._buckets._data.items()):
        for key, record in content["objects"].items():
            path = Path(s3._object_disk_path(bucket, key, account))
            if path.stat().st_size != record["size"]:
                data = path.read_bytes()
                record.update(
                    size=len(data), etag=f'"{hashlib.md5(data, usedforsecurity=False).hexdigest()}"', checksums={}
                )

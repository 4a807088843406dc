"""Objects of S3 are files, which ministack writes before it answers: a failed write is an error here, of which nothing stays, and a
half-finished one is mended."""

import contextvars
import hashlib
from pathlib import Path
from typing import Any

from ministack.services import s3

from local.errors import ServiceError

Record = dict[str, Any]

_displaced: contextvars.ContextVar[tuple[str, str, Record | None]] = contextvars.ContextVar("displaced")
"""Bucket and key of the object that is being put, and the one that was there before."""

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
    _take_back_unwritten()


def _take_back_unwritten() -> None:
    """Let an object be there only once it is written: whoever is told 503 puts it again, and not where it seems to be there already."""
    version, persist = s3._record_object_version, s3._persist_object

    def versioned(bucket_name: str, key: str, prior_obj: Record | None, obj: Record, data: Any) -> Any:
        _displaced.set((bucket_name, key, prior_obj))
        return version(bucket_name, key, prior_obj, obj, data)

    def persisted(bucket: str, key: str, obj: Any) -> None:
        failures = _failed.get()
        earlier = len(failures or ())
        persist(bucket, key, obj)
        if failures and len(failures) > earlier:
            _take_back(bucket, key, obj)

    s3._record_object_version, s3._persist_object = versioned, persisted


def _take_back(bucket: str, key: str, obj: Record) -> None:
    before = _displaced.get(None)
    prior = before[2] if before and before[:2] == (bucket, key) else None
    versions = s3._object_versions.get((bucket, key), [])
    versions[:] = [each for each in versions if each["version_id"] != obj.get("version_id")]
    for each in versions[-1:]:
        each["is_latest"] = True
    if prior:
        s3._buckets[bucket]["objects"][key] = prior
        return
    s3._buckets[bucket]["objects"].pop(key, None)
    Path(s3._object_disk_path(bucket, key)).unlink(missing_ok=True)


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

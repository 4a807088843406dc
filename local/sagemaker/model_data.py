"""A model's data: where a container's are, and how they come into its folder."""

import shutil
from pathlib import Path
from typing import Any

from local.errors import ServiceError, validation_error
from local.sagemaker.store import Record
from local.sagemaker.transfer import download, fetch, split_uri


def require_slash(source: Record) -> None:
    """Raise ValidationException for a prefix that does not end in a slash (service model: S3ModelDataSource.S3DataType)."""
    if source["S3DataType"] == "S3Prefix" and not source["S3Uri"].endswith("/"):
        raise validation_error(
            f"S3Uri of an S3Prefix: got {source['S3Uri']!r}; allowed: a prefix that ends with a slash"
        )


def model_source(container: Record) -> Record | None:
    """Where a container's model data is, in the shape of S3DataSource: (S3Uri, S3DataType, CompressionType)."""
    source: Record | None = container.get("ModelDataSource", {}).get("S3DataSource")
    if source is None and "ModelDataUrl" in container:
        return {"S3Uri": container["ModelDataUrl"], "S3DataType": "S3Object", "CompressionType": "Gzip"}
    return source


def load_model(s3: Any, container: Record, folder: Path) -> None:
    """Put a container's model data into `folder`. Raises AWS_ERRORS or OSError where they cannot be had."""
    folder.mkdir(parents=True, exist_ok=True)
    source = model_source(container)
    if source is None:
        return
    uri = source["S3Uri"]
    if source["S3DataType"] == "S3Prefix":
        if not download(s3, uri, folder):
            raise ServiceError("ValidationException", f"Could not find model data at {uri}.")
        return
    bucket, key = split_uri(uri)
    if source["CompressionType"] != "Gzip":
        fetch(s3, bucket, key, folder / key.rsplit("/", 1)[-1])
        return
    archive = folder.parent / "model.tar.gz"
    fetch(s3, bucket, key, archive)
    shutil.unpack_archive(archive, folder, filter="data")
    archive.unlink()

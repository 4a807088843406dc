"""What the HTTP API answers of files that are there."""

from collections.abc import Mapping
from typing import Annotated, Literal

from contracts.answers import Answer, Time
from contracts.declarations import about
from contracts.pages import Page


class StoredFileUrls(Answer):
    """A presigned address of a file."""

    get: Annotated[str, about("reads the file, for an hour")]


class StoredFile(Answer):
    """A file that was put."""

    id: str
    name: Annotated[str, about("with its folder in a dataset")]
    content_type: str
    size: Annotated[int, about("of the file", unit="bytes")]
    etag: Annotated[str, about("changes with the file")]
    checksums: Annotated[Mapping[str, str], about("empty: only the answer to POST /v1/files with the file has them")]
    metadata: Annotated[Mapping[str, str], about("empty: it is not kept")]
    purpose: Literal["upload", "dataset"]
    style: Annotated[str | None, about("whose dataset it is of")]
    uri: Annotated[str, about("as POST /v1/files gave it")]
    created_at: Annotated[Time, about("when it was put")]
    expires_at: Annotated[Time | None, about("null: a dataset is kept")]
    urls: StoredFileUrls


class FilePage(Page):
    """Files, the newest first."""

    results: list[StoredFile]

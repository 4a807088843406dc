"""The hub's files at a pinned revision, over HTTPS."""

import json
import re
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import IO, Any

from atelier_ops.errors import SourceFileError

HUB = "https://huggingface.co"
TIMEOUT = 60
"""Seconds without a byte before a download counts as broken."""


@dataclass(frozen=True, kw_only=True)
class HubFile:
    """One file of a repository: ``size`` in bytes; ``sha256`` of a large file, else git's ``blob`` hash (SHA-1)."""

    path: str
    size: int
    sha256: str = ""
    blob: str = ""


class Hub:
    """huggingface.co, or another server that speaks its two routes."""

    def __init__(self, address: str = HUB) -> None:
        self._address = address

    def commit(self, repository: str, revision: str) -> str:
        """The commit that a branch, tag or commit stands for. Raises SourceFileError."""
        quoted = urllib.parse.quote(revision, safe="")
        with _get(f"{self._address}/api/models/{repository}/revision/{quoted}") as response:
            return str(json.load(response)["sha"])

    def tree(self, repository: str, revision: str) -> list[HubFile]:
        """Every file of the revision, following the server's pages. Raises SourceFileError."""
        quoted = urllib.parse.quote(revision, safe="")
        url: str | None = f"{self._address}/api/models/{repository}/tree/{quoted}?recursive=true"
        files: list[HubFile] = []
        while url:
            with _get(url) as response:
                files += [_file(entry) for entry in json.load(response) if entry["type"] == "file"]
                url = _next_page(response.headers.get("Link", ""))
        return files

    def open(self, repository: str, revision: str, path: str) -> IO[bytes]:
        """Stream one file. Raises SourceFileError."""
        revision, path = urllib.parse.quote(revision, safe=""), urllib.parse.quote(path)
        stream: IO[bytes] = _get(f"{self._address}/{repository}/resolve/{revision}/{path}")
        return stream


def _get(url: str) -> Any:
    request = urllib.request.Request(url, headers={"User-Agent": "atelier"})
    try:
        return urllib.request.urlopen(request, timeout=TIMEOUT)
    except OSError as error:
        raise SourceFileError(f"{url}: {error}") from error


def _file(entry: dict[str, Any]) -> HubFile:
    large = entry.get("lfs")
    if large:
        return HubFile(path=entry["path"], size=int(large["size"]), sha256=str(large["oid"]).removeprefix("sha256:"))
    return HubFile(path=entry["path"], size=int(entry["size"]), blob=str(entry["oid"]))


def _next_page(link: str) -> str | None:
    match = re.search(r'<([^>]+)>;\s*rel="next"', link)
    return match.group(1) if match else None

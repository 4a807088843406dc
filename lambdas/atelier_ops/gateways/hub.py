"""The hub's files at a pinned revision, over HTTPS."""

import json
import re
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException
from typing import IO, Any
from urllib.error import HTTPError

from atelier_ops.errors import SourceFileError

HUB = "https://huggingface.co"
TIMEOUT = 60
"""Seconds without a byte before a download counts as broken."""

TRIES = 5
LONGEST_WAIT = 60.0
"""Seconds between two tries at most, whatever the server asks for."""

BROKEN = (OSError, HTTPException)
"""What a request or a read raises where the network or the server fails."""


@dataclass(frozen=True, kw_only=True)
class HubFile:
    """One file of a repository: ``size`` in bytes; ``sha256`` of a large file, else git's ``blob`` hash (SHA-1)."""

    path: str
    size: int
    sha256: str = ""
    blob: str = ""


class Hub:
    """huggingface.co, or another server that speaks its two routes. ``wait`` passes the seconds between two tries of a request.

    A server that is busy (429) or broken (5xx), and a network that fails, are asked again; any other refusal is final.
    """

    def __init__(self, address: str = HUB, *, wait: Callable[[float], None] = time.sleep) -> None:
        self._address = address
        self._wait = wait

    def tree(self, repository: str, revision: str) -> list[HubFile]:
        """Every file of the revision, following the server's pages. Raises SourceFileError."""
        quoted = urllib.parse.quote(revision, safe="")
        url: str | None = f"{self._address}/api/models/{repository}/tree/{quoted}?recursive=true"
        files: list[HubFile] = []
        while url:
            with self._get(url) as response:
                files += [_file(entry) for entry in json.load(response) if entry["type"] == "file"]
                url = _next_page(response.headers.get("Link", ""))
        return files

    def open(self, repository: str, revision: str, path: str) -> IO[bytes]:
        """Stream one file. Raises SourceFileError; reading raises one of ``BROKEN``."""
        revision, path = urllib.parse.quote(revision, safe=""), urllib.parse.quote(path)
        stream: IO[bytes] = self._get(f"{self._address}/{repository}/resolve/{revision}/{path}")
        return stream

    def _get(self, url: str) -> Any:
        request = urllib.request.Request(url, headers={"User-Agent": "atelier"})
        for number in range(1, TRIES + 1):
            try:
                return urllib.request.urlopen(request, timeout=TIMEOUT)
            except BROKEN as error:
                if isinstance(error, HTTPError):
                    error.close()
                if number == TRIES or not _passes(error):
                    raise SourceFileError(f"{url}: {error} ({number} of {TRIES} tries)") from error
                self._wait(_pause(number, error))
        raise AssertionError("the last try returns or raises")


def _passes(error: Exception) -> bool:
    """Whether the same request may be answered later."""
    return not isinstance(error, HTTPError) or error.code == 429 or error.code >= 500


def _pause(number: int, error: Exception) -> float:
    """Seconds before the next try: what the server asks for, else 1, 2, 4, 8."""
    asked = error.headers.get("Retry-After", "") if isinstance(error, HTTPError) else ""
    return min(float(asked) if asked.isdecimal() else 2.0 ** (number - 1), LONGEST_WAIT)


def _file(entry: dict[str, Any]) -> HubFile:
    large = entry.get("lfs")
    if large:
        return HubFile(path=entry["path"], size=int(large["size"]), sha256=str(large["oid"]).removeprefix("sha256:"))
    return HubFile(path=entry["path"], size=int(entry["size"]), blob=str(entry["oid"]))


def _next_page(link: str) -> str | None:
    match = re.search(r'<([^>]+)>;\s*rel="next"', link)
    return match.group(1) if match else None

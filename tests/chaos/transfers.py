"""Files put and read at presigned addresses."""

from collections.abc import Mapping
from typing import Any

import urllib3

_SECONDS = 30
_POOL = urllib3.PoolManager(maxsize=8, retries=False)


def transfer(
    method: str, url: str, content: bytes | None = None, headers: Mapping[str, str] | None = None
) -> tuple[int, bytes]:
    """The status of the store's answer, 0 where none came, and what it gave."""
    try:
        answer: Any = _POOL.request(method, url, body=content, headers=headers, timeout=_SECONDS)
    except urllib3.exceptions.HTTPError:
        return 0, b""
    return answer.status, answer.data

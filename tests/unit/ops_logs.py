"""Reading what handlers log."""

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from atelier_ops.observability import logger


@contextmanager
def lines() -> Iterator[list[dict[str, Any]]]:
    """The lines logged inside the block, which must be JSON; filled in when it ends."""
    handler, logged = logger.registered_handler, list[dict[str, Any]]()
    buffer = io.StringIO()
    before = handler.setStream(buffer)  # type: ignore[attr-defined]  # it is a StreamHandler
    try:
        yield logged
    finally:
        handler.setStream(before)  # type: ignore[attr-defined]
        logged += [json.loads(line) for line in buffer.getvalue().splitlines()]

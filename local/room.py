"""Room on the disk: a request that changes something is refused before it does where what it changes could not be written."""

import shutil
from pathlib import Path

from local.errors import ServiceError
from local.faults import Faults

SPARE_BYTES = 8 * 1024 * 1024
"""What a request leaves free beside its own bytes."""


def require_room(folder: Path, size: int) -> None:
    """Raise ServiceError (503) where the disk of ``folder`` has no room for ``size`` bytes and what is written beside them."""
    free, needed = shutil.disk_usage(folder).free, size + SPARE_BYTES
    if (limit := Faults(folder).room) is not None:
        free = min(free, limit)
    if free < needed:
        message = f"The disk of the local cloud is full: {free:,} bytes are free in {folder}, {needed:,} are needed."
        raise ServiceError("ServiceUnavailable", message, 503)

"""Which code ran: a hash of the source that the image holds, the same wherever it runs."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import atelier_training
import contracts
import diffusion
import imaging

SOURCE = (".py", ".html", ".css")


def code_version() -> str:
    """The first 12 digits of a sha256 over the source files of this package, ``contracts``, ``diffusion`` and ``imaging``."""
    digest = hashlib.sha256()
    for package in (atelier_training, contracts, diffusion, imaging):
        folder = Path(str(package.__file__)).parent
        for path in sorted(path for path in folder.rglob("*") if path.suffix in SOURCE):
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def now() -> str:
    """This moment as ISO 8601, UTC, whole seconds."""
    return datetime.now(UTC).isoformat(timespec="seconds")

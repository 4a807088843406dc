"""What the folder of a local cloud holds and takes on the disk, and what of it nobody misses."""

import contextlib
import os
import shutil
import stat
from collections.abc import Collection
from pathlib import Path

_KINDS = {
    "objects": ("s3",),
    "state": ("state", "faults"),
    "jobs": ("jobs",),
    "model servers": ("endpoints", "images"),
    "workers": ("tmp", "home"),
    "logs": ("logs",),
}
ASSEMBLY = "cdk.out"
"""What a session has synthesized, beside the cloud's folder."""

CONTENTS = tuple(name for names in _KINDS.values() for name in names)
"""All folders of a cloud: what else is in its folder is somebody else's."""

LITTLE_BYTES = 2 * 1024**3
"""Free space below which a start says so: a base model of full size takes several of these."""

MOST_JOBS = 20
"""Folders of jobs that have ended, of each kind, that are kept for whoever looks why."""


def sizes(folder: Path) -> dict[str, int]:
    """Bytes by kind; what a session has synthesized beside the cloud's folder is counted too."""
    found = {kind: sum(_size(folder / name) for name in names) for kind, names in _KINDS.items()}
    return {**found, "assets": _size(folder.parent / ASSEMBLY)}


def _size(folder: Path) -> int:
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(FileNotFoundError):  # a running cloud goes on while its files are counted
                status = (Path(place) / name).lstat()
                total += status.st_size if stat.S_ISREG(status.st_mode) else 0
    return total


def remove(path: Path) -> None:
    """Remove a file, a link, or a folder with all that is in it; nothing where there is none. Raises OSError where it stays."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def drop_old_jobs(folder: Path, running: Collection[str]) -> None:
    """Remove the folders of the jobs of one kind that ended first: `MOST_JOBS` stay, and those of the ``running`` ones."""
    ended = [path for path in folder.iterdir() if path.name not in running] if folder.exists() else []
    for path in sorted(ended, key=lambda path: path.lstat().st_mtime, reverse=True)[MOST_JOBS:]:
        shutil.rmtree(path, ignore_errors=True)


def megabytes(size: int) -> str:
    """``1.5 MB``."""
    return f"{size / 1e6:,.1f} MB"

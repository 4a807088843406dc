"""What the folder of a local cloud takes on the disk, and what of it nobody misses."""

import shutil
from collections.abc import Collection
from pathlib import Path

_KINDS = {
    "objects": ("s3",),
    "state": ("state",),
    "jobs": ("jobs",),
    "model servers": ("endpoints", "images"),
    "workers": ("tmp", "home"),
    "logs": ("logs",),
}
LITTLE_BYTES = 2 * 1024**3
"""Free space below which a start says so: a base model of full size takes several of these."""

MOST_JOBS = 20
"""Folders of jobs that have ended, of each kind, that are kept for whoever looks why."""


def sizes(folder: Path) -> dict[str, int]:
    """Bytes by kind."""
    return {kind: sum(_size(folder / name) for name in names) for kind, names in _KINDS.items()}


def _size(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            total += path.lstat().st_size
    return total


def drop_old_jobs(folder: Path, running: Collection[str]) -> None:
    """Remove the folders of the jobs of one kind that ended first: `MOST_JOBS` stay, and those of the ``running`` ones."""
    ended = [path for path in folder.iterdir() if path.name not in running] if folder.exists() else []
    for path in sorted(ended, key=lambda path: path.lstat().st_mtime, reverse=True)[MOST_JOBS:]:
        shutil.rmtree(path, ignore_errors=True)


def megabytes(size: int) -> str:
    """``1.5 MB``."""
    return f"{size / 1e6:,.1f} MB"

"""Reads a folder of WebDataset-layout tar shards by sample number, without unpacking them.

A sample is `KEY.png` or `KEY.jpg`, `KEY.labels.png` (label map) and `KEY.json` with `captions` of the whole picture
and `regions`, each a `label` with its own `captions`. `dataset.json` beside the shards names the labels.
"""

import io
import json
import tarfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_PICTURES = ("png", "jpg", "jpeg")


class ShardError(Exception):
    """The data cannot be read as shards; the message says which file, what is there and what must be."""


@dataclass(frozen=True, kw_only=True)
class Region:
    """A part of a picture that has words of its own: its value in the label map and its captions."""

    label: int
    captions: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One picture (h, w, 3) uint8 with its label map (h, w) uint8 and captions."""

    key: str
    image: Image.Image
    labels: NDArray[np.uint8]
    captions: tuple[str, ...]
    regions: tuple[Region, ...]


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """What the label map's values mean: their names, and for each segmentation prompt the labels that answer it."""

    labels: tuple[str, ...]
    prompts: dict[str, tuple[int, ...]]


@dataclass
class _Entry:
    shard: Path
    key: str
    members: dict[str, tuple[int, int]] = field(default_factory=dict)  # suffix -> (offset, size)


class ShardFolder:
    """Random access to the samples of every shard in a folder, in the order of file names and keys."""

    def __init__(self, folder: Path) -> None:
        shards = sorted(folder.glob("*.tar"))
        if not shards:
            raise ShardError(f"{folder}: no shard found; expected *.tar files and dataset.json")
        self.vocabulary = _read_vocabulary(folder / "dataset.json")
        self._entries = [entry for shard in shards for entry in _index(shard)]

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, number: int) -> Sample:
        entry = self._entries[number]
        with entry.shard.open("rb") as file:
            content = {suffix: _read(file, *place) for suffix, place in entry.members.items()}
        try:
            return _decode(entry.key, content)
        except (KeyError, TypeError, ValueError, OSError) as error:
            raise ShardError(f"{entry.shard.name}: sample {entry.key}: {error!r}; got {sorted(content)}") from error


def open_shards(address: str) -> ShardFolder:
    """Open the shards in a folder."""
    return ShardFolder(Path(address))


def _read_vocabulary(path: Path) -> Vocabulary:
    if not path.is_file():
        raise ShardError(f"{path}: not found; expected the names of the labels and prompts")
    content = json.loads(path.read_text())
    prompts = {name: tuple(labels) for name, labels in content["prompts"].items()}
    return Vocabulary(labels=tuple(content["labels"]), prompts=prompts)


def _index(shard: Path) -> list[_Entry]:
    entries: dict[str, _Entry] = {}
    with tarfile.open(shard) as archive:
        for member in archive:
            key, _, suffix = member.name.partition(".")
            entry = entries.setdefault(key, _Entry(shard, key))
            entry.members[suffix] = (member.offset_data, member.size)
    return [entries[key] for key in sorted(entries)]


def _read(file: Any, offset: int, size: int) -> bytes:
    file.seek(offset)
    content: bytes = file.read(size)
    return content


def _decode(key: str, content: dict[str, bytes]) -> Sample:
    picture = next(content[suffix] for suffix in _PICTURES if suffix in content)
    text = json.loads(content["json"])
    regions = tuple(Region(label=r["label"], captions=tuple(r["captions"])) for r in text["regions"])
    return Sample(
        key=key,
        image=Image.open(io.BytesIO(picture)).convert("RGB"),
        labels=np.asarray(Image.open(io.BytesIO(content["labels.png"]))),
        captions=tuple(text["captions"]),
        regions=regions,
    )

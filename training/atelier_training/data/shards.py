"""Reads WebDataset-layout tar shards by sample number, without unpacking them.

A sample is `KEY.png` or `KEY.jpg`, `KEY.labels.png` (label map) and `KEY.json` with `captions` of the whole picture
and `regions`, each a `label` with its own `captions`. `dataset.json` beside the shards names the labels, and
`index-*.json` says how many samples each shard has: `{"shards": {"figures-00000.tar": 500}}`.
"""

import io
import json
import os
import tarfile
import weakref
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from atelier_training.data.order import DEFAULT_STREAMS, Order
from atelier_training.data.stores import Bucket, Cached, Folder, Store
from contracts.corpus import VOCABULARY, Vocabulary
from contracts.errors import InvalidInputError
from contracts.layout import S3Uri

SPARE = 2
"""Shards kept open besides those that streams read: where one ends, the next begins."""

_PICTURES = ("png", "jpg", "jpeg")


class ShardError(InvalidInputError):
    """The data cannot be read as shards; the message says which file, what is there and what must be."""


@dataclass(frozen=True, kw_only=True)
class LabelledRegion:
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
    regions: tuple[LabelledRegion, ...]


class Shard:
    """One open tar file and where in it each sample's members are."""

    def __init__(self, name: str, file: BinaryIO) -> None:
        self._name, self._file = name, file
        self.close = weakref.finalize(self, file.close)
        members: dict[str, dict[str, tuple[int, int]]] = {}  # key -> suffix -> (offset, size)
        try:
            with tarfile.open(fileobj=file) as archive:
                for member in archive:
                    key, _, suffix = member.name.partition(".")
                    members.setdefault(key, {})[suffix] = (member.offset_data, member.size)
        except tarfile.TarError as error:
            raise ShardError(name, got=error, allowed="a tar file") from error
        self._entries = sorted(members.items())

    def __len__(self) -> int:
        return len(self._entries)

    def sample(self, index: int) -> Sample:
        """Decode the sample number `index`, by key."""
        if index >= len(self):
            allowed = f"more than {index}, as its index says"
            raise ShardError(self._name, got=f"{len(self)} samples", allowed=allowed)
        key, places = self._entries[index]
        # pread moves no file position, which forked processes would share.
        content = {suffix: os.pread(self._file.fileno(), size, offset) for suffix, (offset, size) in places.items()}
        try:
            return _decode(key, content)
        except (KeyError, TypeError, ValueError, OSError, StopIteration) as error:
            allowed = "a picture, KEY.labels.png and KEY.json with captions and regions"
            raise ShardError(f"{self._name}: sample {key}", got=(*sorted(content), error), allowed=allowed) from error


class ShardFolder:
    """The shards of one folder or S3 prefix: how many samples each has, what their labels mean, and any sample."""

    def __init__(self, store: Store) -> None:
        self._store = store
        names = store.names()
        shards = [name for name in names if name.endswith(".tar")]
        if not shards:
            raise ShardError(str(store), got="no shard found", allowed=f"*.tar files and {VOCABULARY}")
        if VOCABULARY not in names:
            raise ShardError(
                f"{store}: {VOCABULARY}", got="no such file", allowed="the names of the labels and prompts"
            )
        self.vocabulary = Vocabulary.from_json(json.loads(store.read(VOCABULARY)))
        self._open: OrderedDict[str, Shard] = OrderedDict()
        self._room = DEFAULT_STREAMS + SPARE
        counted = _read_indexes(store, names)
        self.counts = {name: counted[name] if name in counted else len(self._shard(name)) for name in shards}
        self._orders: dict[tuple[int, int], Order] = {}

    def __len__(self) -> int:
        return sum(self.counts.values())

    def __getitem__(self, number: int) -> Sample:
        """The sample at this place, shards and keys in alphabetical order."""
        for name, count in self.counts.items():
            if number < count:
                return self.sample(name, number)
            number -= count
        raise IndexError(f"sample {number + len(self)} of {len(self)}")

    def sample(self, shard: str, index: int) -> Sample:
        """A shard's sample number `index`, by key."""
        return self._shard(shard).sample(index)

    def reserve(self, streams: int) -> None:
        """Make room for as many shards as this process reads side by side."""
        self._room = streams + SPARE
        if isinstance(self._store, Cached):
            self._store.capacity = self._room

    def order(self, seed: int, streams: int) -> Order:
        """The order in which a run with this seed and number of streams trains on the samples."""
        if (seed, streams) not in self._orders:
            self._orders[seed, streams] = Order(self.counts, seed=seed, streams=streams)
        return self._orders[seed, streams]

    def _shard(self, name: str) -> Shard:
        if name not in self._open:
            if len(self._open) >= self._room:
                self._open.popitem(last=False)[1].close()
            self._open[name] = Shard(name, self._store.open(name))
        self._open.move_to_end(name)
        return self._open[name]


def open_shards(address: str) -> ShardFolder:
    """Open the shards in a folder, or stream those below `s3://bucket/prefix/`."""
    if address.startswith("s3://"):
        prefix = S3Uri.parse(address if address.endswith("/") else f"{address}/", where="shards")
        return ShardFolder(Cached(Bucket(prefix), DEFAULT_STREAMS + SPARE))
    return ShardFolder(Folder(Path(address)))


def mounted_shards(folder: Path) -> ShardFolder:
    """Open the shards in a folder that shows objects of S3 (FastFile): each is copied once instead of read in pieces."""
    return ShardFolder(Cached(Folder(folder), DEFAULT_STREAMS + SPARE))


def _read_indexes(store: Store, names: Sequence[str]) -> dict[str, int]:
    """Return samples a shard from every `index-*.json`; shards that none names must be opened to be counted."""
    counts: dict[str, int] = {}
    for name in names:
        if name.startswith("index-") and name.endswith(".json"):
            counts.update(json.loads(store.read(name))["shards"])
    return counts


def _decode(key: str, content: dict[str, bytes]) -> Sample:
    picture = next(content[suffix] for suffix in _PICTURES if suffix in content)
    text = json.loads(content["json"])
    regions = tuple(LabelledRegion(label=r["label"], captions=tuple(r["captions"])) for r in text["regions"])
    return Sample(
        key=key,
        image=Image.open(io.BytesIO(picture)).convert("RGB"),
        labels=np.asarray(Image.open(io.BytesIO(content["labels.png"]))),
        captions=tuple(text["captions"]),
        regions=regions,
    )

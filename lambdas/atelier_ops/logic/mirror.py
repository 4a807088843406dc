"""Mirroring a base model once to its own prefix: file by file, each verified, the manifest last."""

import hashlib
import io
import time
import zipfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import IO, Any, ClassVar, Literal

from atelier_ops.errors import (
    BaseModelChangedError,
    BrokenStreamError,
    MirrorTimeoutError,
    MissingObjectError,
    SourceFileError,
)
from atelier_ops.gateways.hub import BROKEN, Hub, HubFile
from atelier_ops.gateways.storage import ObjectStore, Uploaded, read_json
from atelier_ops.logic.selection import select
from contracts.artifact import BaseManifest, to_json
from contracts.inner_paths import ALLOWED, is_inner
from contracts.layout import MANIFEST, base_prefix
from contracts.model import Contract
from contracts.sampling import SamplingDefaults
from contracts.terms import Commercial, LicenceText, ModelStage, Restricted, Retires

MARGIN = 20.0
"""Seconds a Lambda keeps to say that it ran out of time."""

DOWNLOADS = 3
"""How often a file is begun, in all."""


class EntrySource(Contract, extra="ignore"):
    """Where the files come from: the stack's own asset, or a hub's repository, which may hold variants."""

    kind: Literal["asset", "hub"]
    repository: str = ""
    variant: str = ""


class Entry(Contract, extra="ignore"):
    """A catalogue entry as the custom resource gets it; what only the templates need (memory, folders) is left aside."""

    document: ClassVar[str] = "Entry"

    name: str
    revision: str
    family: str
    task: str
    licence: str
    licence_text: LicenceText = ""
    commercial: Commercial = "no"
    restricted: Restricted = False
    stage: ModelStage = "stable"
    retires: Retires = None
    resolution: int
    source: EntrySource
    defaults: SamplingDefaults = SamplingDefaults()
    fast: SamplingDefaults | None = None
    training: Mapping[str, Mapping[str, Any]] = {}
    contrastive: bool = False

    @property
    def prefix(self) -> str:
        """Where the model lies."""
        return base_prefix(self.name, self.revision)

    def manifest(self, source: str, files: Mapping[str, str]) -> BaseManifest:
        """The manifest of the mirrored files."""
        return BaseManifest(**{**self.model_dump(), "source": source, "files": files})


@dataclass(frozen=True, kw_only=True)
class Clock:
    """How long is left, in seconds."""

    left: Callable[[], float]
    sleep: Callable[[float], None] = time.sleep

    def check(self, doing: str) -> None:
        """Raises MirrorTimeoutError where too little is left to go on."""
        if self.left() < MARGIN:
            raise MirrorTimeoutError(f"{doing}: the Lambda's time ends; deploy again to go on from here")

    def wait(self, seconds: float) -> None:
        """Pass the seconds. Raises MirrorTimeoutError where they would end too late."""
        if self.left() - seconds < MARGIN:
            raise MirrorTimeoutError(f"waiting {seconds:g} s: the Lambda's time ends; deploy again to go on from here")
        self.sleep(seconds)


class CheckedStream:
    """Hashes and counts what is read of a stream, so that a file of any size is verified in constant memory.

    ``check`` is called before each read with the file's name, and raises to give up in the middle of a long file.
    """

    def __init__(self, source: IO[bytes], expected: HubFile, check: Callable[[str], None] = lambda _: None) -> None:
        self._source = source
        self._expected = expected
        self._check = check
        self._size = 0
        self._sha256 = hashlib.sha256()
        # git names a file by the SHA-1 of "blob {size}\0" and its bytes.
        self._blob = hashlib.sha1(f"blob {expected.size}\0".encode(), usedforsecurity=False)

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes of the source. Raises SourceFileError as soon as the last byte shows that they are not what was promised,
        and BrokenStreamError where the source ends too early or cannot be read.
        """
        self._check(self._expected.path)
        try:
            data = self._source.read(size)
        except BROKEN as error:
            raise BrokenStreamError(f"{self._expected.path}: {error}") from error
        self._size += len(data)
        self._sha256.update(data)
        self._blob.update(data)
        if data and self._size >= self._expected.size:
            self.verify()
        return data

    def verify(self) -> str:
        """The sha256 of everything read. Raises SourceFileError where size or hash are not what the source promised."""
        expected, sha256 = self._expected, self._sha256.hexdigest()
        if self._size < expected.size:
            raise BrokenStreamError(f"{expected.path}: got {self._size} bytes; allowed: {expected.size}")
        if self._size != expected.size:
            raise SourceFileError(f"{expected.path}: got {self._size} bytes; allowed: {expected.size}")
        if expected.sha256 and sha256 != expected.sha256:
            raise SourceFileError(f"{expected.path}: got sha256 {sha256}; allowed: {expected.sha256}")
        if expected.blob and self._blob.hexdigest() != expected.blob:
            raise SourceFileError(f"{expected.path}: got blob {self._blob.hexdigest()}; allowed: {expected.blob}")
        return sha256


def mirror_hub(entry: Entry, models: ObjectStore, hub: Hub, clock: Clock) -> BaseManifest:
    """Copy what the pipeline needs from the hub. Nothing is fetched where the manifest is there already."""
    present = present_manifest(entry, models)
    if present is not None:
        return _refresh(present, entry, models)
    repository, revision = entry.source.repository, entry.revision
    selection = select(hub.tree(repository, revision), entry.source.variant)
    files = {}
    for path, file in sorted(selection.items()):
        clock.check(path)
        source = partial(hub.open, repository, revision, file.path)
        files[path] = _fetch(entry.prefix + path, file, models, source, clock)
    return _finish(entry.manifest(f"{repository}@{revision}", files), entry, models)


def mirror_asset(entry: Entry, models: ObjectStore, archive: bytes, clock: Clock) -> BaseManifest:
    """Unpack a zip of the model's folder. Raises BaseModelChangedError where other files are there under this revision."""
    with zipfile.ZipFile(io.BytesIO(archive)) as unpacked:
        infos = [info for info in unpacked.infolist() if not info.is_dir()]
        bodies = {_safe(info.filename): unpacked.read(info) for info in infos}
    files = {name: _hash(name, body) for name, body in sorted(bodies.items()) if name != MANIFEST}
    if not files:
        raise SourceFileError(f"asset of {entry.name}: got no files; allowed: the model's folder")
    present = present_manifest(entry, models)
    if present is not None:
        if dict(present.files) != files:
            changed = sorted(name for name in {*files, *present.files} if files.get(name) != present.files.get(name))
            raise BaseModelChangedError(f"{entry.prefix}: {', '.join(changed)} changed; raise the entry's revision")
        return _refresh(present, entry, models)
    for name in files:
        clock.check(name)
        models.upload(entry.prefix + name, io.BytesIO(bodies[name]), sha256=files[name])
    return _finish(entry.manifest("asset", files), entry, models)


def present_manifest(entry: Entry, models: ObjectStore) -> BaseManifest | None:
    """The manifest of a model that is mirrored to its end; None of one that is not."""
    try:
        return BaseManifest.from_json(read_json(models, entry.prefix + MANIFEST))
    except MissingObjectError:
        return None


def _refresh(present: BaseManifest, entry: Entry, models: ObjectStore) -> BaseManifest:
    """The files stay; what the catalogue says about them may have changed."""
    manifest = entry.manifest(present.source, present.files)
    return present if manifest == present else _finish(manifest, entry, models)


def _finish(manifest: BaseManifest, entry: Entry, models: ObjectStore) -> BaseManifest:
    models.write(entry.prefix + MANIFEST, to_json(manifest).encode(), "application/json")
    return manifest


def _fetch(key: str, file: HubFile, models: ObjectStore, source: Callable[[], IO[bytes]], clock: Clock) -> str:
    """Upload one file unless an earlier attempt did; returns its sha256. A download that breaks off is begun anew."""
    if file.sha256 and models.uploaded(key) == Uploaded(size=file.size, sha256=file.sha256):
        return file.sha256
    for _ in range(DOWNLOADS - 1):
        with suppress(BrokenStreamError):
            return _download(key, file, models, source, clock)
    return _download(key, file, models, source, clock)


def _download(key: str, file: HubFile, models: ObjectStore, source: Callable[[], IO[bytes]], clock: Clock) -> str:
    """Upload one file; returns its sha256. A file that fails verification is removed."""
    with source() as stream:
        checked = CheckedStream(stream, file, clock.check)
        try:
            models.upload(key, checked, sha256=file.sha256)
            return checked.verify()
        except SourceFileError:
            models.delete(key)
            raise


def _hash(name: str, body: bytes) -> str:
    stream = CheckedStream(io.BytesIO(body), HubFile(path=name, size=len(body)))
    stream.read()
    return stream.verify()


def _safe(name: str) -> str:
    inner = name.replace("\\", "/")
    if not is_inner(inner):
        raise SourceFileError(f"asset: got a file named {name!r}; allowed: {ALLOWED}")
    return inner

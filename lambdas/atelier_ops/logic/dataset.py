"""Reading a dataset: what is wrong with it shows before a job is paid for. Of a picture only the first bytes are fetched, of texts all."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from atelier_ops.gateways.storage import ObjectStore, StoredObject
from contracts.dataset import INFO, DatasetInfo
from contracts.dataset_files import DatasetFiles, is_litter, refuse
from contracts.dataset_texts import LARGEST_CAPTION, LARGEST_TEXT, LINES, Captions, read_captions, read_info
from contracts.errors import InvalidInputError, Problem
from contracts.layout import STYLE_PATTERN, S3Uri, dataset_prefix
from contracts.pictures import START, format_of, other_format

LARGEST_PICTURE = 64 * 2**20
"""Bytes of one picture file."""

Listing = Mapping[str, StoredObject]
"""A dataset's files by their names relative to its prefix."""


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """A dataset that looks usable: its prefix, its files and captions, the hash of its listing, its own prompts, its bytes."""

    uri: str
    files: DatasetFiles
    captions: Captions
    sha256: str
    info: DatasetInfo | None
    size: int

    def notes(self, task: str, *, prior: bool) -> list[str]:
        """What a run of this task does not use of it, in words."""
        return [*self.files.notes(task, prior=prior), *self.captions.notes]


def read_dataset(uri: str, store: ObjectStore) -> Dataset:
    """List and check the dataset at ``uri``. Raises InvalidInputError with what is wrong: names first, then contents."""
    prefix, listing = _listed(uri, store)
    files = DatasetFiles.of(listing)
    refuse(_sizes(files, listing))
    faults = list(_formats(files, listing, store))
    captions, info = Captions(words={}), None
    try:
        captions = read_captions(files, _read(files.captions, listing, store))
    except InvalidInputError as error:
        faults += error.problems
    try:
        info = read_info(store.read(prefix + INFO)) if files.info else None
    except InvalidInputError as error:
        faults += error.problems
    refuse(faults)
    address = str(S3Uri(bucket=store.bucket, key=prefix))
    size = sum(entry.size for entry in listing.values())
    return Dataset(uri=address, files=files, captions=captions, sha256=hash_listing(listing), info=info, size=size)


def check_names(uri: str, store: ObjectStore, *, instance_prompt: str, readable: bool) -> None:
    """What a listing alone shows of the dataset at ``uri``; one that is not ``readable`` is as one that is not there.

    Raises InvalidInputError.
    """
    files = DatasetFiles.of(_listed(uri, store)[1] if readable else ())
    if not instance_prompt and not files.info:
        raise no_instance_prompt(uri, described=False)


def no_instance_prompt(uri: str, *, described: bool) -> InvalidInputError:
    """The refusal of a run whose input has no instance prompt and whose dataset, ``described`` by an info file or not, has none either."""
    return InvalidInputError(
        "input.instance_prompt",
        got=f"none, and the dataset has {f'none in its {INFO}' if described else f'no {INFO}'}",
        allowed=f"words for the garment, in the input or in {uri.rstrip('/')}/{INFO}",
    )


def _listed(uri: str, store: ObjectStore) -> tuple[str, dict[str, StoredObject]]:
    """A dataset's prefix and files."""
    prefix = dataset_folder(uri, store.bucket, f"s3://{store.bucket}/{dataset_prefix('STYLE')}")
    return prefix, list_files(prefix, store)


def dataset_folder(uri: str, bucket: str, allowed: str) -> str:
    """The prefix of a data set at ``uri``. Raises InvalidInputError where it is not one of this bucket's."""
    address = S3Uri.parse(uri, where="input.dataset")
    prefix = f"{address.key.rstrip('/')}/"
    if address.bucket != bucket or not re.fullmatch(dataset_prefix(STYLE_PATTERN), prefix):
        raise InvalidInputError("input.dataset", got=uri, allowed=allowed)
    return prefix


def list_files(prefix: str, store: ObjectStore) -> dict[str, StoredObject]:
    """Every file below a prefix by its relative name, but for what desktops leave behind and for the marks of empty folders."""
    entries = {entry.key.removeprefix(prefix): entry for entry in store.listing(prefix)}
    return {name: entry for name, entry in entries.items() if not (name.endswith("/") or is_litter(name) or not name)}


def hash_listing(files: Listing) -> str:
    """One hash for the whole listing: any added, removed or changed file changes it. S3's ETag stands for the bytes."""
    listing = [[name, entry.etag, entry.size] for name, entry in sorted(files.items())]
    return hashlib.sha256(json.dumps(listing).encode()).hexdigest()


def _sizes(files: DatasetFiles, listing: Listing) -> Iterator[Problem]:
    limits = dict.fromkeys(files.used, LARGEST_PICTURE)
    limits |= {name: LARGEST_TEXT if name in LINES else LARGEST_CAPTION for name in files.captions}
    limits |= {INFO: LARGEST_CAPTION} if files.info else {}
    for name, largest in limits.items():
        if not 0 < listing[name].size <= largest:
            yield Problem(f"size of {name}", f"{listing[name].size} bytes", f"1 to {largest} bytes")


def _formats(files: DatasetFiles, listing: Listing, store: ObjectStore) -> Iterator[Problem]:
    starts = store.read_starts([listing[name].key for name in files.used], START)
    for name, start in zip(files.used, starts, strict=True):
        if format_of(start) is None:
            yield Problem(
                name, other_format(start) or start[:12], "a PNG, JPEG, WebP or HEIC file, whatever its ending"
            )


def _read(names: tuple[str, ...], listing: Listing, store: ObjectStore) -> dict[str, bytes]:
    """Whole texts, which are small, several at once: there may be one a picture."""
    bodies = store.read_starts([listing[name].key for name in names], LARGEST_TEXT)
    return dict(zip(names, bodies, strict=True))

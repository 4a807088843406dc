"""Reading a dataset's listing: what is wrong with it shows before a job is paid for. Only the first bytes of a picture are fetched."""

import hashlib
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from atelier_ops.gateways.storage import ObjectStore, StoredObject, read_json
from atelier_ops.logic.picture import START, format_of
from contracts.dataset import EVALUATION, FEWEST_PICTURES, INFO, MASKS, MOST_PICTURES, DatasetInfo, is_picture
from contracts.errors import InvalidInputError
from contracts.layout import STYLE_PATTERN, S3Uri, dataset_prefix

LARGEST_PICTURE = 64 * 2**20
"""Bytes of one picture file."""


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """A dataset that looks usable: its prefix, how many pictures it trains on, the hash of its listing, its own prompts."""

    uri: str
    pictures: int
    sha256: str
    info: DatasetInfo | None


def read_dataset(uri: str, store: ObjectStore) -> Dataset:
    """List and check the dataset at ``uri``. Raises InvalidInputError naming the first thing that is wrong."""
    prefix = dataset_folder(uri, store.bucket, f"s3://{store.bucket}/{dataset_prefix('STYLE')}")
    entries = {entry.key.removeprefix(prefix): entry for entry in store.listing(prefix)}
    files = {name: entry for name, entry in entries.items() if name and not name.endswith("/")}
    pictures = sorted(name for name in files if is_picture(name))
    _check_count(prefix, pictures)
    _check_stems(pictures)
    masks = sorted(name for name in files if name.startswith(MASKS))
    _check_masks(masks, pictures)
    photos = [name for name in files if name.startswith(EVALUATION) and is_picture(name.removeprefix(EVALUATION))]
    _check_files({name: files[name] for name in [*pictures, *masks, *photos]}, store)
    info = DatasetInfo.from_json(read_json(store, prefix + INFO)) if INFO in files else None
    address = str(S3Uri(bucket=store.bucket, key=prefix))
    return Dataset(uri=address, pictures=len(pictures), sha256=hash_listing(files), info=info)


def dataset_folder(uri: str, bucket: str, allowed: str) -> str:
    """The prefix of a data set at ``uri``. Raises InvalidInputError where it is not one of this bucket's."""
    address = S3Uri.parse(uri, where="input.dataset")
    prefix = f"{address.key.rstrip('/')}/"
    if address.bucket != bucket or not re.fullmatch(dataset_prefix(STYLE_PATTERN), prefix):
        raise InvalidInputError("input.dataset", got=uri, allowed=allowed)
    return prefix


def _check_count(prefix: str, pictures: Collection[str]) -> None:
    if not FEWEST_PICTURES <= len(pictures) <= MOST_PICTURES:
        raise InvalidInputError(
            f"pictures directly below {prefix}",
            got=len(pictures),
            allowed=f"{FEWEST_PICTURES} to {MOST_PICTURES} files ending in .png, .jpg or .jpeg",
        )


def _check_stems(pictures: Collection[str]) -> None:
    seen: dict[str, str] = {}
    for name in pictures:
        other = seen.setdefault(PurePosixPath(name).stem, name)
        if other != name:
            raise InvalidInputError(
                "pictures with one name", got=[other, name], allowed="names that differ before the ending"
            )


def _check_masks(masks: Collection[str], pictures: Collection[str]) -> None:
    expected = {f"{MASKS}{PurePosixPath(name).stem}.png" for name in pictures}
    for mask in masks:
        if mask not in expected:
            raise InvalidInputError("mask without a picture", got=mask, allowed="masks/{name of a picture}.png")


def _check_files(files: Mapping[str, StoredObject], store: ObjectStore) -> None:
    for name, entry in files.items():
        if not 0 < entry.size <= LARGEST_PICTURE:
            raise InvalidInputError(
                f"size of {name}", got=f"{entry.size} bytes", allowed=f"1 to {LARGEST_PICTURE} bytes"
            )
    starts = store.read_starts([entry.key for entry in files.values()], START)
    for name, start in zip(files, starts, strict=True):
        if format_of(start) not in {"png", "jpeg"}:
            raise InvalidInputError(name, got=start, allowed="a PNG or JPEG file, whatever its ending")


def hash_listing(files: Mapping[str, StoredObject]) -> str:
    """One hash for the whole listing: any added, removed or changed file changes it. S3's ETag stands for the bytes."""
    listing = [[name, entry.etag, entry.size] for name, entry in sorted(files.items())]
    return hashlib.sha256(json.dumps(listing).encode()).hexdigest()

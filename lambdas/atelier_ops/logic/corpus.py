"""Reading the listing of a pretraining data set: what is wrong with it shows before machines are paid for. No picture is fetched."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from atelier_ops.gateways.storage import ObjectStore
from atelier_ops.logic.dataset import dataset_folder, hash_listing, list_files
from contracts.corpus import (
    CAPTIONS,
    FEWEST_PICTURES,
    LABELS,
    PICTURES,
    SUFFIXES,
    VOCABULARY,
    Vocabulary,
    is_held_out,
    sample_key,
)
from contracts.dataset_files import refuse, too_many_unused
from contracts.dataset_texts import decoded, parsed
from contracts.errors import InvalidInputError
from contracts.layout import S3Uri, dataset_prefix
from contracts.safety.rules import SafetyRules
from contracts.safety.training import check_vocabulary


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """A data set that looks usable: where it is, its samples' number, whether it has label maps, its hash, files without a use."""

    prefix: S3Uri
    samples: int
    held_out: int
    labelled: bool
    sha256: str
    unused: tuple[str, ...]


def read_corpus(dataset: str, held_out: float, store: ObjectStore, rules: SafetyRules) -> Corpus:
    """List and check the data set (a name or an address). Raises InvalidInputError naming the first thing that is wrong.

    Of its words those of the vocabulary; captions, of which there may be a million, are checked by the job that reads them.
    """
    if dataset.startswith("s3://"):
        prefix = dataset_folder(dataset, store.bucket, f"NAME, or s3://{store.bucket}/{dataset_prefix('NAME')}")
    else:
        prefix = dataset_prefix(dataset)
    files = list_files(prefix, store)
    for needed in (VOCABULARY, CAPTIONS):
        if needed not in files:
            raise InvalidInputError(f"data set {prefix}", got=f"no {needed}", allowed=f"{needed} beside {PICTURES}")
    pictures = _keys(PICTURES, files, SUFFIXES)
    labels = _keys(LABELS, files, (".png",))
    if labels:
        _check_labels(pictures, labels)
    vocabulary = Vocabulary.from_json(parsed(VOCABULARY, decoded(VOCABULARY, store.read(prefix + VOCABULARY))))
    check_vocabulary(vocabulary, rules)
    count = sum(key in vocabulary.held_out or is_held_out(key, held_out) for key in pictures)
    _check_counts(len(pictures), count, held_out)
    unused = tuple(
        name for name in files if name not in (VOCABULARY, CAPTIONS) and not name.startswith((PICTURES, LABELS))
    )
    refuse(too_many_unused(unused, len(pictures), SUFFIXES))
    address = S3Uri(bucket=store.bucket, key=prefix)
    return Corpus(
        prefix=address,
        samples=len(pictures),
        held_out=count,
        labelled=bool(labels),
        sha256=hash_listing(files),
        unused=unused,
    )


def _keys(folder: str, files: Iterable[str], suffixes: tuple[str, ...]) -> set[str]:
    """The samples of one folder. Raises InvalidInputError for a name that is no sample's, or a key that two files have."""
    keys: set[str] = set()
    for name in files:
        if not name.startswith(folder):
            continue
        path = PurePosixPath(name.removeprefix(folder))
        if path.suffix.lower() not in suffixes or path.name != str(path):
            raise InvalidInputError(name, got=path.suffix or path.name, allowed=f"{folder}KEY{' | '.join(suffixes)}")
        key = sample_key(name, path.stem)
        if key in keys:
            raise InvalidInputError(name, got=f"a second file with key {key}", allowed="one picture a key")
        keys.add(key)
    return keys


def _check_labels(pictures: set[str], labels: set[str]) -> None:
    """All or none: a picture without a map would teach the segmenter that nothing is there."""
    missing, extra = sorted(pictures - labels), sorted(labels - pictures)
    if missing:
        raise InvalidInputError(
            f"{LABELS}{missing[0]}.png", got="no such file", allowed=f"a label map for every picture, or no {LABELS}"
        )
    if extra:
        raise InvalidInputError(f"{LABELS}{extra[0]}.png", got=f"no picture {extra[0]}", allowed=f"one in {PICTURES}")


def _check_counts(pictures: int, count: int, share: float) -> None:
    if pictures < FEWEST_PICTURES:
        raise InvalidInputError(f"pictures in {PICTURES}", got=pictures, allowed=f"at least {FEWEST_PICTURES}")
    if not 0 < count < pictures:
        raise InvalidInputError(
            "input.held_out",
            got=f"{share:g}, which sets {count} of {pictures} samples aside",
            allowed="1 or more, not all",
        )

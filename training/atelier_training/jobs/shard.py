"""``shard``: checks the uploaded samples and writes them to tar shards, some for training and a few for the evaluation."""

import argparse
import io
import json
import logging
import tarfile
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Self

from atelier_training.arguments import safety_rules
from atelier_training.data.sample_check import CheckedSample, check_sample
from atelier_training.engine.interruption import Interruption
from atelier_training.paths import MlPaths
from contracts.corpus import CAPTIONS, INDEX, SUFFIXES, VOCABULARY, Caption, Vocabulary, is_held_out
from contracts.dataset_files import is_litter
from contracts.dataset_texts import decoded, parsed
from contracts.errors import InvalidInputError
from contracts.safety.rules import SafetyRules
from contracts.safety.training import check_captions

SHARD_BYTES = 128 * 2**20
"""A shard ends with the sample that reaches this size: large enough for S3 to read fast, small enough to mix many."""
MOST_NAMED = 5
EPOCH = 1_700_000_000
"""A fixed time stamp, so that equal samples give equal shards."""

log = logging.getLogger(__name__)


class ShardWriter:
    """Writes samples into ``shard-{host}-{number}.tar`` files of bounded size and, at the end, their index."""

    def __init__(self, folder: Path, host: str, most_bytes: int = SHARD_BYTES) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._host, self._most_bytes = folder, host, most_bytes
        self._archive: tarfile.TarFile | None = None
        self.counts: dict[str, int] = {}

    def add(self, sample: CheckedSample) -> None:
        """Append one sample, in a new shard where the last one is full."""
        if self._archive is None or self._archive.offset >= self._most_bytes:
            self._begin()
        assert self._archive is not None
        for suffix, body in sample.members.items():
            member = tarfile.TarInfo(f"{sample.key}.{suffix}")
            member.size, member.mtime = len(body), EPOCH
            self._archive.addfile(member, io.BytesIO(body))
        self.counts[self._name] += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_failure: object) -> None:
        if self._archive is not None:
            self._archive.close()
        index = json.dumps({"shards": self.counts}, indent=2) + "\n"
        (self._folder / INDEX.format(host=self._host)).write_text(index, encoding="utf-8")

    def _begin(self) -> None:
        if self._archive is not None:
            self._archive.close()
        self._name = f"shard-{self._host}-{len(self.counts):05}.tar"
        self.counts[self._name] = 0
        self._archive = tarfile.open(self._folder / self._name, "w")  # noqa: SIM115  kept open from sample to sample


def run(arguments: argparse.Namespace, paths: MlPaths, interruption: Interruption) -> None:
    """Read the processing inputs ``vocabulary``, ``captions``, ``labels`` and ``pictures``; write the output ``shard``."""
    host = json.loads(paths.processing_resource_config.read_text(encoding="utf-8"))["current_host"]
    vocabulary_file = paths.processing_input("vocabulary") / VOCABULARY
    vocabulary = Vocabulary.from_json(parsed(VOCABULARY, decoded(VOCABULARY, vocabulary_file.read_bytes())))
    output = paths.processing_output("shard")
    rules = safety_rules(arguments)
    samples = read_samples(paths, vocabulary, rules, interruption)
    with ShardWriter(output / "train", host) as train, ShardWriter(output / "held-out", host) as held_out:
        for sample in samples:
            aside = sample.key in vocabulary.held_out or is_held_out(sample.key, arguments.held_out)
            (held_out if aside else train).add(sample)
    for folder in ("train", "held-out"):
        (output / folder / VOCABULARY).write_bytes(vocabulary_file.read_bytes())
    counts = sum(train.counts.values()), sum(held_out.counts.values())
    log.info("host=%s samples=%d shards=%d held_out=%d", host, counts[0], len(train.counts), counts[1])


def read_samples(
    paths: MlPaths, vocabulary: Vocabulary, rules: SafetyRules, interruption: Interruption
) -> Iterator[CheckedSample]:
    """This host's samples, mixed. Raises RefusedWordsError where captions ask for what ``rules`` refuse, before a picture is read, and
    InvalidInputError, after logging every bad sample, that names the first few.
    """
    pictures = _pictures(paths.processing_input("pictures"))
    captions = _captions(paths.processing_input("captions") / CAPTIONS, {path.stem for path in pictures})
    check_captions(captions.values(), rules)
    labels = paths.processing_input("labels")
    maps = labels if labels.is_dir() else None
    bad: list[tuple[str, InvalidInputError]] = []
    for path in pictures:
        interruption.check(f"checking {path.name}")
        try:
            yield check_sample(path, captions.get(path.stem), maps, vocabulary)
        except InvalidInputError as error:
            log.error("%s", error)
            bad.append((path.stem, error))
    if bad:
        _refuse(bad)


def _pictures(folder: Path) -> list[Path]:
    """Sorted by a hash, so that similar pictures with neighbouring names go to different shards."""
    files = (path for path in folder.rglob("*") if not is_litter(path.relative_to(folder).as_posix()))
    paths = [path for path in files if path.suffix.lower() in SUFFIXES] if folder.is_dir() else []
    if not paths:
        raise InvalidInputError("pictures of this host", got="none", allowed="at least one, so fewer hosts")
    return sorted(paths, key=lambda path: sha256(path.name.encode()).digest())


def _captions(path: Path, keys: set[str]) -> Mapping[str, Caption]:
    """The lines of this host's samples; the other lines are only checked."""
    captions: dict[str, Caption] = {}
    with path.open("rb") as lines:  # bytes end at "\n" only
        for number, body in enumerate(lines, start=1):
            where = f"{CAPTIONS} line {number}"
            line = decoded(where, body)
            if not line.strip():
                continue
            caption = Caption.from_json(parsed(where, line), where=where)
            if caption.key in captions:
                raise InvalidInputError(where, got=f"key {caption.key} again", allowed="one line a sample")
            if caption.key in keys:
                captions[caption.key] = caption
    return captions


def _refuse(bad: list[tuple[str, InvalidInputError]]) -> None:
    if len(bad) == 1:
        raise bad[0][1]
    named = ", ".join(key for key, _ in bad[:MOST_NAMED]) + (", …" if len(bad) > MOST_NAMED else "")
    raise InvalidInputError(
        f"{len(bad)} samples ({named}); the first: {bad[0][1].what}", got=bad[0][1].got, allowed=bad[0][1].allowed
    )

"""Publishing what a run trained: copied file by file out of the run's folder, and complete only once its manifest is written."""

from collections.abc import Iterable

from atelier_ops.errors import ArtifactIncompleteError, MissingObjectError, VersionTakenError
from atelier_ops.gateways.storage import ObjectStore, read_json
from contracts.artifact import BaseManifest, StyleManifest, to_json
from contracts.errors import InvalidInputError
from contracts.layout import MANIFEST, S3Uri, run_prefix


def publish_once(
    final: StyleManifest | BaseManifest, source: str, target: str, data: ObjectStore, models: ObjectStore
) -> None:
    """Copy the files that ``final`` names from a prefix of one bucket to a prefix of the other, then write ``final`` itself.

    Repeating it for the same run changes nothing. Raises ArtifactIncompleteError, VersionTakenError.
    """
    if not _is_published(final, target, models):
        _copy_files(source, target, final.files, data, models)
        models.write(target + MANIFEST, to_json(final).encode(), "application/json")


def _is_published(final: StyleManifest | BaseManifest, target: str, models: ObjectStore) -> bool:
    """Whether this very artifact is published there. Raises VersionTakenError where another one is."""
    try:
        present = type(final).from_json(read_json(models, target + MANIFEST))
    except MissingObjectError:
        return False
    if (_run(present), dict(present.files)) != (_run(final), dict(final.files)):
        raise VersionTakenError(f"{target}: got the files of run {_run(present)}; allowed: those of run {_run(final)}")
    return True


def _run(manifest: StyleManifest | BaseManifest) -> str | None:
    if isinstance(manifest, StyleManifest):
        return manifest.execution
    return manifest.origin.execution if manifest.origin else None


def artifact_prefix(artifact: str, execution: str, bucket: str) -> str:
    """The artifact's key prefix. Raises InvalidInputError where it does not lie in the run's own folder."""
    address = S3Uri.parse(artifact, where="artifact")
    prefix, run = f"{address.key.rstrip('/')}/", run_prefix(execution)
    if address.bucket != bucket or not prefix.startswith(run):
        raise InvalidInputError("artifact", got=artifact, allowed=f"s3://{bucket}/{run}…")
    return prefix


def _copy_files(source: str, target: str, names: Iterable[str], data: ObjectStore, models: ObjectStore) -> None:
    """Copy ``names`` from one prefix to the other on S3's side. Raises ArtifactIncompleteError where one is missing or short."""
    ordered = sorted(names)
    sizes = {entry.key.removeprefix(source): entry.size for entry in data.listing(source)}
    missing = sorted(set(ordered) - set(sizes))
    if missing:
        raise ArtifactIncompleteError(f"{source}: got no {', '.join(missing)}; allowed: every file of the artifact")
    for name in ordered:
        models.copy(S3Uri(bucket=data.bucket, key=source + name), target + name)
    copied = {entry.key.removeprefix(target): entry.size for entry in models.listing(target)}
    for name in ordered:
        if copied.get(name) != sizes[name]:
            raise ArtifactIncompleteError(f"{target}{name}: got {copied.get(name)} bytes; allowed: {sizes[name]}")

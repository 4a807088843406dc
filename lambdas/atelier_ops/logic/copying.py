"""Copying a trained artifact out of its run's folder, every file of it or none that counts."""

from collections.abc import Iterable

from atelier_ops.errors import ArtifactIncompleteError
from atelier_ops.gateways.storage import ObjectStore
from contracts.errors import InvalidInputError
from contracts.layout import S3Uri, run_prefix


def artifact_prefix(artifact: str, execution: str, bucket: str) -> str:
    """The artifact's key prefix. Raises InvalidInputError where it does not lie in the run's own folder."""
    address = S3Uri.parse(artifact, where="artifact")
    prefix, run = f"{address.key.rstrip('/')}/", run_prefix(execution)
    if address.bucket != bucket or not prefix.startswith(run):
        raise InvalidInputError("artifact", got=artifact, allowed=f"s3://{bucket}/{run}…")
    return prefix


def copy_files(source: str, target: str, names: Iterable[str], data: ObjectStore, models: ObjectStore) -> None:
    """Copy ``names`` from one prefix to the other on S3's side. Raises ArtifactIncompleteError where one is missing or short."""
    wanted = sorted(names)
    sizes = {entry.key.removeprefix(source): entry.size for entry in data.listing(source)}
    missing = sorted(set(wanted) - set(sizes))
    if missing:
        raise ArtifactIncompleteError(f"{source}: got no {', '.join(missing)}; allowed: every file of the artifact")
    for name in wanted:
        models.copy(S3Uri(bucket=data.bucket, key=source + name), target + name)
    copied = {entry.key.removeprefix(target): entry.size for entry in models.listing(target)}
    for name in wanted:
        if copied.get(name) != sizes[name]:
            raise ArtifactIncompleteError(f"{target}{name}: got {copied.get(name)} bytes; allowed: {sizes[name]}")

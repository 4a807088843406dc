"""Publishing a trained artifact as a style's version: copied file by file, and complete only once its manifest is written."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from atelier_ops.errors import ArtifactIncompleteError, MissingObjectError, VersionTakenError
from atelier_ops.gateways.storage import ObjectStore, read_json
from contracts.artifact import StyleManifest, to_json
from contracts.errors import InvalidInputError
from contracts.layout import MANIFEST, S3Uri, run_prefix, style_prefix


def publish(
    plan: Mapping[str, Any],
    artifact: str,
    package: str,
    version: int,
    metrics: Mapping[str, float],
    *,
    data: ObjectStore,
    models: ObjectStore,
) -> dict[str, Any]:
    """Copy the artifact to ``styles/{style}/{version}/``, the manifest last; ``{"version", "uri", "adapter"}``.

    Repeating it for the same run changes nothing. Raises ArtifactIncompleteError, VersionTakenError.
    """
    source = _source(plan, artifact, data)
    trained = _trained(plan, source, data)
    target = style_prefix(plan["style"], version)
    final = replace(trained, version=version, model_package=package, metrics=dict(metrics))
    if not _published(target, final, models):
        _copy(source, target, trained, data, models)
        models.write(target + MANIFEST, to_json(final).encode(), "application/json")
    adapter = f"{plan['style']}@{version}" if plan["method"] == "lora" else ""
    return {"version": version, "uri": str(S3Uri(bucket=models.bucket, key=target)), "adapter": adapter}


def _source(plan: Mapping[str, Any], artifact: str, data: ObjectStore) -> str:
    """The artifact's key prefix, which must lie in the run's own folder."""
    address = S3Uri.parse(artifact, where="artifact")
    prefix, run = f"{address.key.rstrip('/')}/", run_prefix(plan["execution"])
    if address.bucket != data.bucket or not prefix.startswith(run):
        raise InvalidInputError("artifact", got=artifact, allowed=f"s3://{data.bucket}/{run}…")
    return prefix


def _trained(plan: Mapping[str, Any], source: str, data: ObjectStore) -> StyleManifest:
    try:
        manifest = StyleManifest.from_json(read_json(data, source + MANIFEST))
    except MissingObjectError as error:
        raise ArtifactIncompleteError(f"{source}: got no {MANIFEST}; the training job writes it last") from error
    got, expected = (manifest.style, manifest.execution), (plan["style"], plan["execution"])
    if got != expected:
        raise ArtifactIncompleteError(f"{source}{MANIFEST}: got style and run {got}; allowed: {expected}")
    if not manifest.files:
        raise ArtifactIncompleteError(f"{source}{MANIFEST}: got no files; allowed: the weights' hashes")
    return manifest


def _published(target: str, final: StyleManifest, models: ObjectStore) -> bool:
    """Whether this very artifact is published there. Raises VersionTakenError where another one is."""
    try:
        found = StyleManifest.from_json(read_json(models, target + MANIFEST))
    except MissingObjectError:
        return False
    if (found.execution, dict(found.files)) != (final.execution, dict(final.files)):
        raise VersionTakenError(f"{target}: holds what run {found.execution} made; asked for run {final.execution}")
    return True


def _copy(source: str, target: str, trained: StyleManifest, data: ObjectStore, models: ObjectStore) -> None:
    sizes = {entry.key.removeprefix(source): entry.size for entry in data.listing(source)}
    missing = sorted(set(trained.files) - set(sizes))
    if missing:
        raise ArtifactIncompleteError(f"{source}: got no {', '.join(missing)}; allowed: every file of {MANIFEST}")
    for name in trained.files:
        models.copy(S3Uri(bucket=data.bucket, key=source + name), target + name)
    copied = {entry.key.removeprefix(target): entry.size for entry in models.listing(target)}
    for name in trained.files:
        if copied.get(name) != sizes[name]:
            raise ArtifactIncompleteError(f"{target}{name}: got {copied.get(name)} bytes; allowed: {sizes[name]}")

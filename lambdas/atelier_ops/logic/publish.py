"""Publishing a trained artifact as a style's version: copied file by file, and complete only once its manifest is written."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from atelier_ops.errors import ArtifactIncompleteError, MissingObjectError, VersionTakenError
from atelier_ops.gateways.storage import ObjectStore, read_json
from atelier_ops.logic.copying import artifact_prefix, copy_files
from contracts.artifact import StyleManifest, to_json
from contracts.layout import MANIFEST, S3Uri, style_prefix


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
    source = artifact_prefix(artifact, plan["execution"], data.bucket)
    trained = _trained(plan, source, data)
    target = style_prefix(plan["style"], version)
    final = replace(trained, version=version, model_package=package, metrics=dict(metrics))
    if not _published(target, final, models):
        copy_files(source, target, trained.files, data, models)
        models.write(target + MANIFEST, to_json(final).encode(), "application/json")
    adapter = f"{plan['style']}@{version}" if plan["method"] == "lora" else ""
    return {"version": version, "uri": str(S3Uri(bucket=models.bucket, key=target)), "adapter": adapter}


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

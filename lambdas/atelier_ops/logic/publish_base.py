"""Publishing a pretrained model as a base model: copied file by file, and complete only once its manifest is written."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from atelier_ops.errors import ArtifactIncompleteError, MissingObjectError, VersionTakenError
from atelier_ops.gateways.storage import ObjectStore, read_json
from atelier_ops.logic.bases import read_manifest
from atelier_ops.logic.copying import artifact_prefix, copy_files
from contracts.artifact import BaseManifest, to_json
from contracts.layout import MANIFEST, S3Uri, base_prefix, run_prefix
from contracts.pretraining import MEASURED, Measured, Origin


def publish_base(
    plan: Mapping[str, Any],
    artifact: str,
    package: str,
    version: int,
    metrics: Mapping[str, float],
    *,
    data: ObjectStore,
    models: ObjectStore,
) -> dict[str, Any]:
    """Copy the artifact to ``base/{name}@{version}/``, the manifest last; ``{"reference", "uri"}``.

    Repeating it for the same run changes nothing. Raises ArtifactIncompleteError, VersionTakenError.
    """
    source = artifact_prefix(artifact, plan["execution"], data.bucket)
    measured = _measured(plan, data)
    target = base_prefix(plan["name"], str(version))
    final = _manifest(plan, package, version, metrics, measured, read_manifest(plan["base"]["reference"], models))
    if not _published(target, final, models):
        copy_files(source, target, measured.files, data, models)
        models.write(target + MANIFEST, to_json(final).encode(), "application/json")
    return {"reference": final.reference, "uri": str(S3Uri(bucket=models.bucket, key=target))}


def _measured(plan: Mapping[str, Any], data: ObjectStore) -> Measured:
    key = run_prefix(plan["execution"], "evaluate") + MEASURED
    try:
        measured = Measured.from_json(read_json(data, key))
    except MissingObjectError as error:
        raise ArtifactIncompleteError(f"{key}: got no such object; the evaluation writes it") from error
    if not measured.files:
        raise ArtifactIncompleteError(f"{key}: got no files; allowed: the weights' hashes")
    return measured


def _manifest(
    plan: Mapping[str, Any],
    package: str,
    version: int,
    metrics: Mapping[str, float],
    measured: Measured,
    parent: BaseManifest,
) -> BaseManifest:
    """How the new base model likes to be used it has from its parent: the architecture is the same."""
    origin = Origin(
        execution=plan["execution"],
        model=plan["model"],
        parents=(parent.reference,),
        dataset=plan["dataset"]["uri"],
        dataset_sha256=plan["dataset"]["sha256"],
        hyperparameters=plan["hyperparameters"],
        metrics=dict(metrics),
        model_package=package,
        code_version=measured.code_version,
        created_at=measured.created_at,
    )
    return BaseManifest(
        name=plan["name"],
        revision=str(version),
        family=measured.family,
        task=measured.task,
        licence=parent.licence,
        source="pretraining",
        resolution=parent.resolution,
        defaults=parent.defaults,
        training=parent.training,
        files=measured.files,
        origin=asdict(origin),
    )


def _published(target: str, final: BaseManifest, models: ObjectStore) -> bool:
    """Whether this very artifact is published there. Raises VersionTakenError where another one is."""
    try:
        found = BaseManifest.from_json(read_json(models, target + MANIFEST))
    except MissingObjectError:
        return False
    made_by = found.origin.get("execution")
    if (made_by, dict(found.files)) != (final.origin["execution"], dict(final.files)):
        raise VersionTakenError(f"{target}: holds what run {made_by} made; asked for run {final.origin['execution']}")
    return True

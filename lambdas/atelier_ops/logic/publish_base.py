"""Publishing a pretrained model as a base model."""

from collections.abc import Mapping
from typing import Any

from atelier_ops.errors import ArtifactIncompleteError, MissingObjectError
from atelier_ops.gateways.storage import ObjectStore, read_json
from atelier_ops.logic.bases import read_manifest
from atelier_ops.logic.publishing import artifact_prefix, publish_once
from contracts.artifact import BaseManifest, PretrainingOrigin
from contracts.layout import S3Uri, base_prefix, run_prefix
from contracts.plan import PretrainingPlan
from contracts.pretraining import MEASURED, MeasuredArtifact


def publish_base(event: Mapping[str, Any], data: ObjectStore, models: ObjectStore) -> dict[str, Any]:
    """Copy the artifact to ``base/{name}@{version}/``, the manifest last; ``{"reference", "uri"}``.

    ``event`` is ``{"plan", "artifact", "package", "version", "metrics"}``; Step Functions gives the version as text.
    Repeating it for the same run changes nothing. Raises ArtifactIncompleteError, VersionTakenError.
    """
    plan = PretrainingPlan.from_json(event["plan"])
    source = artifact_prefix(event["artifact"], plan.execution, data.bucket)
    final = _manifest(event, plan, _measured(plan, data), read_manifest(plan.base.reference, models))
    target = base_prefix(final.name, final.revision)
    publish_once(final, source, target, data, models)
    return {"reference": final.reference, "uri": str(S3Uri(bucket=models.bucket, key=target))}


def _measured(plan: PretrainingPlan, data: ObjectStore) -> MeasuredArtifact:
    key = run_prefix(plan.execution, "evaluate") + MEASURED
    try:
        measured = MeasuredArtifact.from_json(read_json(data, key))
    except MissingObjectError as error:
        raise ArtifactIncompleteError(f"{key}: got no such object; the evaluation writes it") from error
    if not measured.files:
        raise ArtifactIncompleteError(f"{key}: got no files; allowed: the weights' hashes")
    return measured


def _manifest(
    event: Mapping[str, Any], plan: PretrainingPlan, measured: MeasuredArtifact, parent: BaseManifest
) -> BaseManifest:
    """The new base model has its parent's architecture, and is a derivative of it, so it keeps the parent's resolution,
    defaults, training settings and terms."""
    origin = PretrainingOrigin(
        execution=plan.execution,
        model=plan.model,
        parents=(parent.reference,),
        dataset=plan.dataset.uri,
        dataset_sha256=plan.dataset.sha256,
        hyperparameters=plan.hyperparameters,
        metrics=event["metrics"],
        model_package=event["package"],
        code_version=measured.code_version,
        created_at=measured.created_at,
    )
    return BaseManifest(
        name=plan.name,
        revision=str(int(event["version"])),
        family=measured.family,
        task=measured.task,
        licence=parent.licence,
        licence_text=parent.licence_text,
        commercial=parent.commercial,
        restricted=parent.restricted,
        stage=parent.stage,
        retires=parent.retires,
        source="pretraining",
        resolution=parent.resolution,
        defaults=parent.defaults,
        fast=parent.fast,
        training=parent.training,
        files=measured.files,
        origin=origin,
    )

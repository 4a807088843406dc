"""Publishing a trained artifact as a style's version."""

from collections.abc import Mapping
from typing import Any

from atelier_ops.errors import ArtifactIncompleteError, MissingObjectError
from atelier_ops.gateways.storage import ObjectStore, read_json
from atelier_ops.logic.promotion import promoted_version
from atelier_ops.logic.publishing import artifact_prefix, publish_once
from contracts.artifact import StyleManifest
from contracts.layout import MANIFEST, S3Uri, style_prefix
from contracts.plan import FineTuningPlan


def publish(event: Mapping[str, Any], data: ObjectStore, models: ObjectStore) -> dict[str, Any]:
    """Copy the artifact to ``styles/{style}/{version}/``, the manifest last; ``{"version", "uri", "adapter", "overtaken"}``.

    ``event`` is ``{"plan", "artifact", "package", "version", "metrics"}``; Step Functions gives the version as text.
    ``overtaken`` says whether the style's bare name means a newer version already. Repeating it for the same run changes nothing.
    Raises ArtifactIncompleteError, VersionTakenError.
    """
    plan, version = FineTuningPlan.from_json(event["plan"]), int(event["version"])
    source = artifact_prefix(event["artifact"], plan.execution, data.bucket)
    facts = {"version": version, "model_package": event["package"], "metrics": event["metrics"]}
    final = _trained(plan, source, data).model_copy(update=facts)
    target = style_prefix(plan.style, version)
    publish_once(final, source, target, data, models)
    adapter = f"{plan.style}@{version}" if plan.method == "lora" else ""
    overtaken = (promoted_version(plan.style, models) or 0) > version
    uri = str(S3Uri(bucket=models.bucket, key=target))
    return {"version": version, "uri": uri, "adapter": adapter, "overtaken": overtaken}


def _trained(plan: FineTuningPlan, source: str, data: ObjectStore) -> StyleManifest:
    try:
        manifest = StyleManifest.from_json(read_json(data, source + MANIFEST))
    except MissingObjectError as error:
        raise ArtifactIncompleteError(f"{source}: got no {MANIFEST}; the training job writes it last") from error
    got, expected = (manifest.style, manifest.execution), (plan.style, plan.execution)
    if got != expected:
        raise ArtifactIncompleteError(f"{source}{MANIFEST}: got style and run {got}; allowed: {expected}")
    if not manifest.files:
        raise ArtifactIncompleteError(f"{source}{MANIFEST}: got no files; allowed: the weights' hashes")
    return manifest

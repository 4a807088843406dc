"""Publishing a trained artifact as a style's version."""

from collections.abc import Mapping
from typing import Any

from atelier_ops.errors import ArtifactIncompleteError, MissingObjectError
from atelier_ops.gateways.storage import ObjectStore, read_json
from atelier_ops.logic.names import style_endpoint
from atelier_ops.logic.publishing import artifact_prefix, publish_once
from contracts.artifact import StyleManifest
from contracts.layout import MANIFEST, S3Uri, style_prefix
from contracts.plan import FineTuningPlan


def publish(event: Mapping[str, Any], data: ObjectStore, models: ObjectStore, name_prefix: str) -> dict[str, Any]:
    """Copy the artifact to ``styles/{style}/{version}/``, the manifest last; ``{"version", "uri", "adapter", "endpoint"}``.

    ``event`` is ``{"plan", "artifact", "package", "version", "metrics"}``; Step Functions gives the version as text.
    One of ``adapter`` and ``endpoint`` is empty: an adapter is served by the shared endpoint, a full fine-tune by the endpoint that is
    to be called so. Repeating it for the same run changes nothing.
    Raises ArtifactIncompleteError, VersionTakenError.
    """
    plan, version = FineTuningPlan.from_json(event["plan"]), int(event["version"])
    source = artifact_prefix(event["artifact"], plan.execution, data.bucket)
    trained = _trained(plan, source, data)
    terms = {"licence": plan.licence or trained.licence, "commercial": plan.commercial or trained.commercial}
    facts = {"version": version, "model_package": event["package"], "metrics": event["metrics"]}
    final = trained.model_copy(update=terms | facts)
    target = style_prefix(plan.style, version)
    publish_once(final, source, target, data, models)
    adapter = f"{plan.style}@{version}" if plan.method == "lora" else ""
    endpoint = "" if adapter else style_endpoint(name_prefix, plan.style, version)
    uri = str(S3Uri(bucket=models.bucket, key=target))
    return {"version": version, "uri": uri, "adapter": adapter, "endpoint": endpoint}


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

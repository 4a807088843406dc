"""The thresholds of a run's gate: its task's own, the input's, and what the version in service measured on the same photos."""

from atelier_ops.errors import MissingObjectError
from atelier_ops.gateways.storage import ObjectStore, read_json
from atelier_ops.logic.promotion import promoted_version
from contracts.artifact import StyleManifest
from contracts.execution import ExecutionInput
from contracts.layout import MANIFEST, style_prefix
from contracts.metrics import COMPARED, NOT_WORSE


def thresholds(request: ExecutionInput, dataset_sha256: str, models: ObjectStore) -> tuple[dict[str, float], str]:
    """The gate by metric, and in words what the result is compared with, or why with nothing."""
    gate = request.thresholds
    if request.baseline == "none":
        return gate, "not compared with the version in service: baseline is none"
    served = _in_service(request.style, models)
    if served is None:
        return gate, f"not compared: no version of {request.style} is in service"
    name = f"{request.style}@{served.version}, which is in service"
    if differs := _differences(request, dataset_sha256, served):
        return gate, f"not compared with {name}: {', '.join(differs)}"
    measured = served.metrics[COMPARED]
    floor = round(NOT_WORSE * measured, 6)
    gate[COMPARED] = max(floor, gate.get(COMPARED, floor))
    return gate, f"{COMPARED} at least {floor:.4g}: {NOT_WORSE:.0%} of {measured:.4g}, of {name}, on the same photos"


def _in_service(style: str, models: ObjectStore) -> StyleManifest | None:
    """The manifest of what the style's bare name means."""
    version = promoted_version(style, models)
    if version is None:
        return None
    try:
        return StyleManifest.from_json(read_json(models, style_prefix(style, version) + MANIFEST))
    except MissingObjectError:  # removed by hand: nothing is in service
        return None


def _differences(request: ExecutionInput, dataset_sha256: str, served: StyleManifest) -> list[str]:
    """Why the two evaluations cannot be compared: the hash is of every file of the dataset, its evaluation photos too."""
    if served.imported:
        return ["it was trained elsewhere, and nothing evaluated it"]
    reasons = {
        f"it has no {COMPARED}": COMPARED not in served.metrics,
        "its dataset or evaluation photos are others": served.dataset_sha256 != dataset_sha256,
        f"its task is {served.task}": served.task != request.task,
        "its target is another": request.task == "inpaint" and served.target != request.target,
    }
    return [reason for reason, applies in reasons.items() if applies]

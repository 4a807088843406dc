"""What SageMaker refuses and its model does not say in numbers and patterns: each rule is in the words of the model's documentation."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from contracts.machines import has_nvme
from local.errors import validation_error

Record = dict[str, Any]

LONGEST_TRAINING_SECONDS = 28 * 86_400
_PROCESSING = "/opt/ml/processing/"
_STRATEGIES = ("Bayesian", "Random", "Grid")


def check(action: str, request: Record) -> None:
    """Raises ValidationException with everything that a request, which its model allows, breaks."""
    found = [*_RULES.get(action, _nothing)(request), *_tags(request.get("Tags", []))]
    if found:
        raise validation_error("; ".join(found))


def _nothing(_: Record) -> Iterator[str]:
    return iter(())


def _training(request: Record) -> Iterator[str]:
    machine = request["ResourceConfig"]
    types = [choice.get("InstanceType", "") for choice in machine.get("InstancePreferences", [machine])]
    yield from _key("VolumeKmsKeyId", machine.get("VolumeKmsKeyId"), types)
    longest = request["StoppingCondition"].get("MaxRuntimeInSeconds", 1)
    if longest > LONGEST_TRAINING_SECONDS:
        yield f"StoppingCondition.MaxRuntimeInSeconds: got {longest}; the maximum value is 28 days"
    if request.get("EnableManagedSpotTraining") and machine.get("KeepAlivePeriodInSeconds"):
        yield "KeepAlivePeriodInSeconds: warm pools are not supported for managed spot training"
    yield from _twice("ChannelName", [channel["ChannelName"] for channel in request.get("InputDataConfig", [])])


def _tuning(request: Record) -> Iterator[str]:
    """https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-define-ranges.html and …-define-metrics.html."""
    config, definition = request["HyperParameterTuningJobConfig"], request.get("TrainingJobDefinition")
    if definition is None:
        yield "TrainingJobDefinition: got nothing; the local cloud allows one definition"
        return
    goal = config.get("HyperParameterTuningJobObjective", {}).get("MetricName")
    if goal not in [one["Name"] for one in definition["AlgorithmSpecification"].get("MetricDefinitions", [])]:
        yield "A metric is required for this hyperparameter tuning job objective. Provide a metric in the metric definitions."
    ranges = config.get("ParameterRanges", {})
    names = [one["Name"] for kind in ranges for one in ranges[kind]]
    if not names:
        yield "ParameterRanges: at least one range is required"
    yield from _twice("ParameterRanges", [*names, *definition.get("StaticHyperParameters", {})])
    if config["Strategy"] not in _STRATEGIES:
        yield f"Strategy: got {config['Strategy']}; the local cloud allows {' | '.join(_STRATEGIES)}"
    limits, is_grid = config["ResourceLimits"], config["Strategy"] == "Grid"
    if is_grid == ("MaxNumberOfTrainingJobs" in limits):
        yield f"MaxNumberOfTrainingJobs: {'must not be' if is_grid else 'must be'} given with strategy {config['Strategy']}"
    if is_grid and any(ranges.get(kind) for kind in ("IntegerParameterRanges", "ContinuousParameterRanges")):
        yield "ParameterRanges: only categorical parameters are supported with strategy Grid"
    for one in [*ranges.get("IntegerParameterRanges", []), *ranges.get("ContinuousParameterRanges", [])]:
        with contextlib.suppress(ValueError):
            if one.get("ScalingType") == "Logarithmic" and float(one["MinValue"]) <= 0:
                yield f"{one['Name']}: logarithmic scaling needs a range above 0"


def _processing(request: Record) -> Iterator[str]:
    cluster = request["ProcessingResources"]["ClusterConfig"]
    yield from _key("VolumeKmsKeyId", cluster.get("VolumeKmsKeyId"), [cluster["InstanceType"]])
    inputs = request.get("ProcessingInputs", [])
    outputs = request.get("ProcessingOutputConfig", {}).get("Outputs", [])
    places = [place.get("LocalPath", _PROCESSING) for entry in inputs if (place := entry.get("S3Input"))]
    places += [place.get("LocalPath", _PROCESSING) for entry in outputs if (place := entry.get("S3Output"))]
    for place in places:
        if not place.startswith(_PROCESSING):
            yield f"LocalPath: got {place}; it must begin with {_PROCESSING}"
    yield from _twice("InputName", [entry["InputName"] for entry in inputs])
    yield from _twice("OutputName", [entry["OutputName"] for entry in outputs])


def _endpoint_config(request: Record) -> Iterator[str]:
    variants = request["ProductionVariants"]
    types = [v["InstanceType"] for v in variants if "InstanceType" in v]
    types += [pool["InstanceType"] for v in variants for pool in v.get("InstancePools", [])]
    yield from _key("KmsKeyId", request.get("KmsKeyId"), types)
    yield from _twice("VariantName", [variant["VariantName"] for variant in variants])


def _key(member: str, key: str | None, types: list[str]) -> Iterator[str]:
    """Disks of the instance itself are encrypted by its hardware."""
    for kind in types if key else []:
        if kind and has_nvme(kind):
            yield f"{member}: you can't request one when using an instance type with local storage: {kind}"


def _tags(tags: list[Record]) -> Iterator[str]:
    names = [tag["Key"] for tag in tags]
    yield from _twice("Tags", names)
    yield from (f"Tags: aws: prefixed tag key names are not allowed: {n}" for n in names if n.startswith("aws:"))


def _twice(member: str, names: list[str]) -> Iterator[str]:
    yield from (f"{member}: {name} is there twice" for name in sorted({n for n in names if names.count(n) > 1}))


_RULES: dict[str, Callable[[Record], Iterator[str]]] = {
    "CreateTrainingJob": _training,
    "CreateProcessingJob": _processing,
    "CreateHyperParameterTuningJob": _tuning,
    "CreateEndpointConfig": _endpoint_config,
}

"""What the states of a run send: by state, where in the request, and what is meant to be there.

A text that begins with ``$`` is a variable of the run (``$plan.base.uri``); every other value is meant as it is. Of a list of things that
have names, one is found by its name: ``ProcessingInputs.dataset.S3Input.S3Uri``.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from contracts.search import OBJECTIVE

Row = tuple[str, Any]

ANY_JOB: Sequence[Row] = (
    ("Environment.ATELIER_EXECUTION", "$states.context.Execution.Id $states.context.Execution.StartTime"),
)
_FILES = ("S3Input.S3InputMode", "File"), ("S3Input.S3DataType", "S3Prefix")
_WHOLE = ("S3Input.S3DataDistributionType", "FullyReplicated")
_PART = ("S3Input.S3DataDistributionType", "ShardedByS3Key")
_CHANNEL = (
    ("InputMode", "File"),
    ("DataSource.S3DataSource.S3DataType", "S3Prefix"),
    ("DataSource.S3DataSource.S3DataDistributionType", "FullyReplicated"),
)


def _inputs(uris: Mapping[str, str], dealt: str = "") -> tuple[Row, ...]:
    """Processing inputs: every host gets all of each, and of ``dealt`` a part."""
    rows: list[Row] = [("ProcessingInputs", [*uris])]
    for name, uri in uris.items():
        given = (("S3Input.S3Uri", uri), *_FILES, _PART if name == dealt else _WHOLE)
        rows += [(f"ProcessingInputs.{name}.{path}", value) for path, value in given]
        rows.append((f"ProcessingInputs.{name}.S3Input.LocalPath", f"/opt/ml/processing/input/{name}"))
    return tuple(rows)


def _channels(uris: Mapping[str, str], inside: str = "") -> tuple[Row, ...]:
    rows: list[Row] = [(f"{inside}InputDataConfig", [*uris])]
    for name, uri in uris.items():
        given = (("DataSource.S3DataSource.S3Uri", uri), *_CHANNEL)
        rows += [(f"{inside}InputDataConfig.{name}.{path}", value) for path, value in given]
    return tuple(rows)


_TRAINING: tuple[Row, ...] = (
    ("HyperParameters", "$plan.hyperparameters"),
    ("OutputDataConfig.S3OutputPath", "$plan.runs.train"),
    ("CheckpointConfig.S3Uri", "$plan.runs.checkpoints"),
    ("CheckpointConfig.LocalPath", "/opt/ml/checkpoints"),
    ("TensorBoardOutputConfig.S3OutputPath", "$plan.runs.train"),
    ("TensorBoardOutputConfig.LocalPath", "/opt/ml/output/tensorboard"),
    ("AlgorithmSpecification.TrainingInputMode", "File"),
)
_SEGMENTER = {"segmenter": "$plan.segmenter.uri"}
_LEARNT_FROM = {"dataset": "$plan.dataset.uri", "masks": "$plan.runs.segment", "base": "$plan.base.uri"}
_TRIAL = "TrainingJobDefinition."
_LIMITS = "HyperParameterTuningJobConfig.ResourceLimits"
_PACKAGE: tuple[Row, ...] = (
    ("ModelPackageGroupName", "$plan.model_package_group"),
    ("ModelPackageName", None),
    # SageMaker takes tags with the group only.
    ("Tags", None),
    ("InferenceSpecification.Containers.0.ModelDataUrl", None),
    ("InferenceSpecification.Containers.0.ModelDataSource.S3DataSource.S3Uri", "$artifact"),
    ("InferenceSpecification.Containers.0.ModelDataSource.S3DataSource.S3DataType", "S3Prefix"),
    ("InferenceSpecification.Containers.0.ModelDataSource.S3DataSource.CompressionType", "None"),
    ("ModelCard.ModelCardContent", "$gate.card"),
    ("ModelMetrics.ModelQuality.Statistics.S3Uri", "$plan.runs.evaluate metrics.json"),
)
_TARGET: tuple[Row, ...] = (
    ("ResourceId", "endpoint/$endpoint/variant/$variant"),
    ("RoleARN", None),
)
_OF_ENDPOINT = "Dimensions.EndpointName.Value"

FINE_TUNING: Mapping[str, Sequence[Row]] = {
    "Prepare": (
        ("Payload.input", "$states.context.Execution.Input"),
        ("Payload.execution", "$states.context.Execution.Name"),
        ("InvocationType", None),
    ),
    "Segment": (
        *_inputs({"dataset": "$plan.dataset.uri", **_SEGMENTER, "captioner": "$plan.captioner.uri"}),
        ("AppSpecification.ContainerArguments.0", "segment"),
    ),
    "FineTune": (
        *_channels(_LEARNT_FROM),
        *_TRAINING,
        ("AlgorithmSpecification.ContainerArguments", None),
    ),
    "Search": (
        *_channels({**_LEARNT_FROM, **_SEGMENTER}, _TRIAL),
        (f"{_TRIAL}StaticHyperParameters", "$plan.hyperparameters"),
        (f"{_TRIAL}OutputDataConfig.S3OutputPath", "$plan.runs.search"),
        (f"{_TRIAL}CheckpointConfig.S3Uri", "$plan.runs.checkpoints"),
        (f"{_TRIAL}CheckpointConfig.LocalPath", "/opt/ml/checkpoints"),
        (f"{_TRIAL}AlgorithmSpecification.TrainingInputMode", "File"),
        ("HyperParameterTuningJobConfig.HyperParameterTuningJobObjective.MetricName", OBJECTIVE),
        ("HyperParameterTuningJobConfig.HyperParameterTuningJobObjective.Type", "Maximize"),
        ("HyperParameterTuningJobConfig.Strategy", "$plan.search.strategy"),
        ("HyperParameterTuningJobConfig.ParameterRanges", "$plan.search.ranges"),
        ("HyperParameterTuningJobConfig.RandomSeed", "$plan.search.seed"),
        (f"{_LIMITS}.MaxNumberOfTrainingJobs", "$plan.search.trials"),
        (f"{_LIMITS}.MaxParallelTrainingJobs", "$plan.search.parallel"),
    ),
    "BestTrial": (("TrainingJobName", "$best"),),
    "Evaluate": (
        *_inputs(
            {
                "dataset": "$plan.dataset.uri",
                "segment": "$plan.runs.segment",
                "base": "$plan.base.uri",
                **_SEGMENTER,
                "artifact": "$artifact",
            }
        ),
        ("AppSpecification.ContainerArguments.0", "evaluate"),
    ),
    "Register": _PACKAGE,
    "Reject": (("ModelPackageArn", "$package"),),
    "AutoApprove": (("ModelPackageArn", "$package"),),
    "RequestApproval": (("Payload.token", "$states.context.Task.Token"),),
    "Publish": (("Payload.metrics", "$gate.metrics"),),
    "DeployEndpoint": (("Payload.token", "$states.context.Task.Token"),),
    "RegisterScalableTarget": _TARGET,
    "PutBacklogPolicy": (
        *_TARGET,
        ("PolicyName", "backlog"),
        (f"TargetTrackingScalingPolicyConfiguration.CustomizedMetricSpecification.{_OF_ENDPOINT}", "$endpoint"),
    ),
    "PutRequestsPolicy": (*_TARGET, ("PolicyName", "requests")),
    "PutWakePolicy": (*_TARGET, ("PolicyName", "wake")),
    "PutWakeAlarm": ((_OF_ENDPOINT, "$endpoint"),),
    "PutSleepPolicy": (*_TARGET, ("PolicyName", "sleep")),
    "PutIdleAlarm": (
        ("AlarmName", "$endpoint-idle"),
        (f"Metrics.0.MetricStat.Metric.{_OF_ENDPOINT}", "$endpoint"),
        ("Metrics.0.MetricStat.Metric.Dimensions.VariantName.Value", "$variant"),
        (f"Metrics.1.MetricStat.Metric.{_OF_ENDPOINT}", "$endpoint"),
    ),
    "SmokeTest": (("Payload.token", "$states.context.Task.Token"),),
    "RemoveEndpoints": (("Payload.endpoints", "$left"),),
}
PRETRAINING: Mapping[str, Sequence[Row]] = {
    **{
        name: FINE_TUNING[name]
        for name in ("Prepare", "Register", "Reject", "AutoApprove", "RequestApproval", "Publish")
    },
    "Shard": (
        *_inputs({part: f"$plan.dataset.{part}" for part in ("vocabulary", "captions", "pictures")}, "pictures"),
        ("AppSpecification.ContainerArguments.0", "shard"),
    ),
    "Train": (
        *_TRAINING,
        ("InputDataConfig", ["train"]),
        ("AlgorithmSpecification.ContainerArguments", ["pretrain"]),
        ("EnableNetworkIsolation", "$plan.isolated"),
    ),
    "Evaluate": (
        *_inputs({"held_out": "$plan.runs.held_out", "base": "$plan.base.uri", "artifact": "$artifact"}),
        ("AppSpecification.ContainerArguments.0", "evaluate-base"),
    ),
}

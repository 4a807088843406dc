"""The three jobs of an execution: segment and evaluate (processing), fine-tune (training)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.components.workflow.task import SAGEMAKER_JOB_TRANSIENT, Task, retry
from infra.config import Jobs, threads_environment
from infra.instances import volume_key

CAPACITY_SECONDS = 3600
"""How long a job may wait for an instance before its state gives up; the job's own limit counts from its start."""

_INPUT = "/opt/ml/processing/input"
_OUTPUT = "/opt/ml/processing/output"


@dataclass(frozen=True, kw_only=True)
class JobSettings:
    """What every job of a stage shares: image, role, key, machines and tags."""

    image_uri: str
    role_arn: str
    key_arn: str
    jobs: Jobs
    tags: Mapping[str, str]

    def tag_list(self) -> list[dict[str, str]]:
        """The tags as SageMaker takes them."""
        return [{"Key": key, "Value": value} for key, value in self.tags.items()]


def segment(scope: Construct, settings: JobSettings, on_error: sfn.IChainable) -> Task:
    """Masks of the garment on every picture."""
    inputs = {"dataset": "$plan.dataset.uri", "segmenter": "$plan.segmenter.uri"}
    return _processing(scope, "Segment", "segment", inputs, settings, on_error)


def evaluate(scope: Construct, settings: JobSettings, on_error: sfn.IChainable) -> Task:
    """Metrics, pictures and report of what was trained."""
    inputs = {
        "dataset": "$plan.dataset.uri",
        "segment": "$plan.task = 'inpaint' ? $plan.runs.segment",
        "base": "$plan.base.uri",
        "segmenter": "$plan.segmenter.uri",
        "artifact": "$artifact",
    }
    return _processing(scope, "Evaluate", "evaluate", inputs, settings, on_error)


def fine_tune(scope: Construct, settings: JobSettings, on_error: sfn.IChainable) -> Task:
    """Learn the style: ``$artifact`` is the prefix of what came out, ``$trained`` the seconds billed."""
    seconds = settings.jobs.most_wait_seconds or settings.jobs.most_training_seconds
    return Task(
        scope,
        "FineTune",
        resource="sagemaker:createTrainingJob.sync",
        arguments=_training_arguments(settings),
        assign={
            "artifact": "{% $states.result.ModelArtifacts.S3ModelArtifacts %}",
            "trained": "{% $states.result.BillableTimeInSeconds %}",
        },
        retries=[retry(SAGEMAKER_JOB_TRANSIENT)],
        on_error=on_error,
        seconds=seconds + CAPACITY_SECONDS,
    )


def _training_arguments(settings: JobSettings) -> dict[str, Any]:
    jobs = settings.jobs
    channels = {
        "dataset": "$plan.dataset.uri",
        "masks": "$plan.task = 'inpaint' ? $plan.runs.segment",
        "base": "$plan.base.uri",
    }
    return {
        "TrainingJobName": "{% $plan.jobs.train %}",
        "RoleArn": settings.role_arn,
        "AlgorithmSpecification": {
            "TrainingImage": settings.image_uri,
            "TrainingInputMode": "File",
            "MetricDefinitions": [
                {"Name": "loss", "Regex": r"\bloss=([0-9.]+)"},
                {"Name": "train_avg_loss", "Regex": r"train_avg_loss=([0-9.]+)"},
            ],
        },
        "HyperParameters": "{% $plan.hyperparameters %}",
        "InputDataConfig": _each(channels, _CHANNEL),
        "OutputDataConfig": {
            "S3OutputPath": "{% $plan.runs.train %}",
            "KmsKeyId": settings.key_arn,
            "CompressionType": "NONE",
        },
        "CheckpointConfig": {"S3Uri": "{% $plan.runs.checkpoints %}", "LocalPath": "/opt/ml/checkpoints"},
        "ResourceConfig": _machines(jobs.training_instance, settings),
        "EnableManagedSpotTraining": jobs.spot,
        "StoppingCondition": _training_limits(jobs),
        **_environment(jobs),
        # The data are already in the container's folders: it needs nobody.
        "EnableNetworkIsolation": True,
        "EnableInterContainerTrafficEncryption": True,
        "Tags": settings.tag_list(),
    }


def _environment(jobs: Jobs) -> dict[str, dict[str, str]]:
    environment = threads_environment(jobs.threads)
    return {"Environment": environment} if environment else {}


def _training_limits(jobs: Jobs) -> dict[str, int]:
    limits = {"MaxRuntimeInSeconds": jobs.most_training_seconds}
    return limits | ({"MaxWaitTimeInSeconds": jobs.most_wait_seconds} if jobs.most_wait_seconds else {})


def _processing(
    scope: Construct,
    state_name: str,
    step: str,
    inputs: Mapping[str, str],
    settings: JobSettings,
    on_error: sfn.IChainable,
) -> Task:
    return Task(
        scope,
        state_name,
        resource="sagemaker:createProcessingJob.sync",
        arguments=_processing_arguments(step, inputs, settings),
        retries=[retry(SAGEMAKER_JOB_TRANSIENT)],
        on_error=on_error,
        seconds=settings.jobs.most_processing_seconds + CAPACITY_SECONDS,
    )


def _processing_arguments(step: str, inputs: Mapping[str, str], settings: JobSettings) -> dict[str, Any]:
    output = {
        "OutputName": step,
        "S3Output": {
            "S3Uri": f"{{% $plan.runs.{step} %}}",
            "LocalPath": f"{_OUTPUT}/{step}",
            "S3UploadMode": "EndOfJob",
        },
    }
    return {
        "ProcessingJobName": f"{{% $plan.jobs.{step} %}}",
        "RoleArn": settings.role_arn,
        "AppSpecification": {
            "ImageUri": settings.image_uri,
            "ContainerArguments": f"{{% $append(['{step}'], $plan.arguments.{step}) %}}",
        },
        "ProcessingInputs": _each(inputs, _PROCESSING_INPUT),
        "ProcessingOutputConfig": {"KmsKeyId": settings.key_arn, "Outputs": [output]},
        "ProcessingResources": {"ClusterConfig": _machines(settings.jobs.processing_instance, settings)},
        "StoppingCondition": {"MaxRuntimeInSeconds": settings.jobs.most_processing_seconds},
        **_environment(settings.jobs),
        "NetworkConfig": {"EnableNetworkIsolation": True, "EnableInterContainerTrafficEncryption": True},
        "Tags": settings.tag_list(),
    }


def _machines(instance_type: str, settings: JobSettings) -> dict[str, Any]:
    machines = {"InstanceCount": 1, "InstanceType": instance_type, "VolumeSizeInGB": settings.jobs.volume_gib}
    key = volume_key(instance_type, settings.key_arn)
    return machines | ({"VolumeKmsKeyId": key} if key else {})


_CHANNEL = (
    "{'ChannelName': $name, 'InputMode': 'File', 'DataSource': {'S3DataSource': "
    "{'S3DataType': 'S3Prefix', 'S3DataDistributionType': 'FullyReplicated', 'S3Uri': $uri}}}"
)
_PROCESSING_INPUT = (
    "{'InputName': $name, 'S3Input': {'S3DataType': 'S3Prefix', 'S3InputMode': 'File', "
    f"'S3DataDistributionType': 'FullyReplicated', 'S3Uri': $uri, 'LocalPath': '{_INPUT}/' & $name}}}}"
)


def _each(uris: Mapping[str, str], item: str) -> str:
    """A JSONata list of ``item`` for every name whose address is defined: ``x ? y`` without ``:`` leaves a name out."""
    pairs = ", ".join(f"'{name}': {uri}" for name, uri in uris.items())
    return f"{{% $each({{{pairs}}}, function($uri, $name) {{ {item} }}) %}}"

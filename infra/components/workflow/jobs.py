"""The jobs of a fine-tuning execution, segment and evaluate (processing) and fine-tune (training), and how a job is written."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from contracts.hosting import volume_key
from infra.components.workflow.task import SAGEMAKER_JOB_TRANSIENT, Task, retry
from infra.config import Jobs, threads_environment

CAPACITY_SECONDS = 3600
"""How long a job may wait for an instance before its state gives up; the job's own limit counts from its start."""

METRIC_DEFINITIONS = [
    {"Name": "loss", "Regex": r"\bloss=([0-9.]+)"},
    {"Name": "train_avg_loss", "Regex": r"train_avg_loss=([0-9.]+)"},
]
"""Read off the log of a training job's first host."""

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
    return processing(scope, "Segment", Processing(step="segment", inputs=inputs), settings, on_error)


def evaluate(scope: Construct, settings: JobSettings, on_error: sfn.IChainable) -> Task:
    """Metrics, pictures and report of what was trained."""
    inputs = {
        "dataset": "$plan.dataset.uri",
        "segment": "$plan.task = 'inpaint' ? $plan.runs.segment",
        "base": "$plan.base.uri",
        "segmenter": "$plan.segmenter.uri",
        "artifact": "$artifact",
    }
    return processing(scope, "Evaluate", Processing(step="evaluate", inputs=inputs), settings, on_error)


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
            "MetricDefinitions": METRIC_DEFINITIONS,
        },
        "HyperParameters": "{% $plan.hyperparameters %}",
        "InputDataConfig": _each(channels, _CHANNEL),
        **training_outputs(settings),
        "ResourceConfig": machines(jobs.training_instance, settings.key_arn, volume_gib=jobs.volume_gib),
        "EnableManagedSpotTraining": jobs.spot,
        "StoppingCondition": _training_limits(jobs),
        **environment(threads_environment(jobs.threads)),
        # The data are already in the container's folders: it needs nobody.
        "EnableNetworkIsolation": True,
        "EnableInterContainerTrafficEncryption": True,
        "Tags": settings.tag_list(),
    }


def training_outputs(settings: JobSettings) -> dict[str, Any]:
    """Where a training job's model and checkpoints go: below its run, encrypted with the stage's key."""
    return {
        "OutputDataConfig": {
            "S3OutputPath": "{% $plan.runs.train %}",
            "KmsKeyId": settings.key_arn,
            "CompressionType": "NONE",
        },
        "CheckpointConfig": {"S3Uri": "{% $plan.runs.checkpoints %}", "LocalPath": "/opt/ml/checkpoints"},
    }


def environment(variables: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """The container's environment; SageMaker refuses an empty one."""
    return {"Environment": dict(variables)} if variables else {}


def _training_limits(jobs: Jobs) -> dict[str, int]:
    limits = {"MaxRuntimeInSeconds": jobs.most_training_seconds}
    return limits | ({"MaxWaitTimeInSeconds": jobs.most_wait_seconds} if jobs.most_wait_seconds else {})


@dataclass(frozen=True, kw_only=True)
class Processing:
    """One processing job: the ``step`` whose keys the plan has, its inputs as JSONata, and what differs from the stage's usual.

    ``command`` is what the container is told to do where that is not the step's name. ``dealt`` names an input of which each host
    gets a part. ``instances`` is JSONata, ``instance`` a type.
    """

    step: str
    inputs: Mapping[str, str]
    command: str = ""
    dealt: str = ""
    instances: str = "1"
    instance: str = ""


def processing(
    scope: Construct, state_name: str, job: Processing, settings: JobSettings, on_error: sfn.IChainable
) -> Task:
    """The state that runs one processing job and waits for its end."""
    return Task(
        scope,
        state_name,
        resource="sagemaker:createProcessingJob.sync",
        arguments=_processing_arguments(job, settings),
        retries=[retry(SAGEMAKER_JOB_TRANSIENT)],
        on_error=on_error,
        seconds=settings.jobs.most_processing_seconds + CAPACITY_SECONDS,
    )


def _processing_arguments(job: Processing, settings: JobSettings) -> dict[str, Any]:
    step, jobs = job.step, settings.jobs
    output = {
        "OutputName": step,
        "S3Output": {
            "S3Uri": f"{{% $plan.runs.{step} %}}",
            "LocalPath": f"{_OUTPUT}/{step}",
            "S3UploadMode": "EndOfJob",
        },
    }
    cluster = machines(
        job.instance or jobs.processing_instance, settings.key_arn, volume_gib=jobs.volume_gib, count=job.instances
    )
    return {
        "ProcessingJobName": f"{{% $plan.jobs.{step} %}}",
        "RoleArn": settings.role_arn,
        "AppSpecification": {
            "ImageUri": settings.image_uri,
            "ContainerArguments": f"{{% $append(['{job.command or step}'], $plan.arguments.{step}) %}}",
        },
        "ProcessingInputs": _each(job.inputs, _processing_input(job.dealt)),
        "ProcessingOutputConfig": {"KmsKeyId": settings.key_arn, "Outputs": [output]},
        "ProcessingResources": {"ClusterConfig": cluster},
        "StoppingCondition": {"MaxRuntimeInSeconds": jobs.most_processing_seconds},
        **environment(threads_environment(jobs.threads)),
        "NetworkConfig": {"EnableNetworkIsolation": True, "EnableInterContainerTrafficEncryption": True},
        "Tags": settings.tag_list(),
    }


def machines(instance_type: str, key_arn: str, *, volume_gib: int, count: str = "1") -> dict[str, Any]:
    """The machines of a job; ``count`` is a number or JSONata that gives one."""
    number = int(count) if count.isdecimal() else f"{{% {count} %}}"
    chosen = {"InstanceCount": number, "InstanceType": instance_type, "VolumeSizeInGB": volume_gib}
    key = volume_key(instance_type, key_arn)
    return chosen | ({"VolumeKmsKeyId": key} if key else {})


_CHANNEL = (
    "{'ChannelName': $name, 'InputMode': 'File', 'DataSource': {'S3DataSource': "
    "{'S3DataType': 'S3Prefix', 'S3DataDistributionType': 'FullyReplicated', 'S3Uri': $uri}}}"
)


def _processing_input(dealt: str) -> str:
    """One input as JSONata; ``dealt`` names the one that is shared out to the hosts, object by object."""
    whole = "'FullyReplicated'"
    distribution = f"$name = '{dealt}' ? 'ShardedByS3Key' : {whole}" if dealt else whole
    return (
        "{'InputName': $name, 'S3Input': {'S3DataType': 'S3Prefix', 'S3InputMode': 'File', "
        f"'S3DataDistributionType': {distribution}, 'S3Uri': $uri, 'LocalPath': '{_INPUT}/' & $name}}}}"
    )


def _each(uris: Mapping[str, str], item: str) -> str:
    """A JSONata list of ``item`` for every name whose address is defined: ``x ? y`` without ``:`` leaves a name out."""
    pairs = ", ".join(f"'{name}': {uri}" for name, uri in uris.items())
    return f"{{% $each({{{pairs}}}, function($uri, $name) {{ {item} }}) %}}"

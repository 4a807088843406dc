"""How a SageMaker job becomes a step: the arguments that all jobs of a stage share, and what the machine's role needs for them."""

from collections.abc import Iterable, Mapping
from typing import Any

from contracts.job_kinds import JOB_RESOURCES, JOB_WORDS, JobKind
from contracts.machines import volume_key
from contracts.vpc import VpcConfig
from infra.components.access import Statement, allow, arn, passing
from infra.components.attributes import key_arn
from infra.components.workflow.job_step import EXECUTION, EXECUTION_VARIABLE, JobStep
from infra.components.workflow.resources import Resources
from infra.components.workflow.step import JobSpec, Step, retry
from infra.settings.stage import threads_environment

CAPACITY_SECONDS = 3600
"""How long a job may wait for an instance before its step gives up; the job's own limit begins when it starts."""

METRIC_DEFINITIONS = [
    {"Name": "loss", "Regex": r"\bloss=([0-9.]+)"},
    {"Name": "train_avg_loss", "Regex": r"train_avg_loss=([0-9.]+)"},
]
"""SageMaker reads these values from the log of a training job's first host."""

JOB_RETRY = retry(("SageMaker.AmazonSageMakerException", "SageMaker.SdkClientException"))
"""Throttling and 5xx of the job integrations. A quota (``ResourceLimitExceeded``) has a name of its own and is final."""

TRAINING_RESULT = {
    # SageMaker returns the artifact's prefix without the slash at its end, but wants one where the artifact is used.
    "artifact": "{% $replace($states.result.ModelArtifacts.S3ModelArtifacts & '/', /\\/+$/, '/') %}",
    "trained": "{% $states.result.BillableTimeInSeconds %}",
}
"""What a training step assigns: the prefix of the model artifact, and the seconds that each host is billed for."""

_NOTED = {"notes": "{% $append($notes, $split($states.result.ExitMessage, '\\n')) %}"}
"""What a processing step assigns: the notes so far and, where the job left some, its own."""

_INPUT = "/opt/ml/processing/input"
_OUTPUT = "/opt/ml/processing/output"


def processing(
    use: Resources,
    *,
    name: str,
    does: str,
    key: str,
    inputs: Mapping[str, str],
    instance: str = "",
    command: str = "",
    dealt: str = "",
    environment: Mapping[str, str] | None = None,
) -> Step:
    """The step that runs a processing job, waits for its end and assigns ``_NOTED``.

    ``inputs`` are S3 prefixes by name (JSONata); ``dealt`` names the one of which each host gets a part. ``instance`` is the instance
    type, by default the stage's; ``command`` is the container's subcommand, by default ``key``.
    """
    settings = use.stage.jobs
    seconds = settings.most_processing_seconds
    job = JobSpec(
        key=key,
        kind="processing",
        instance=instance or settings.processing_instance,
        volume_gib=settings.volume_gib,
        seconds=seconds,
    )
    uploaded = {"S3Uri": f"{{% $plan.runs.{key} %}}", "LocalPath": f"{_OUTPUT}/{key}", "S3UploadMode": "EndOfJob"}
    output = {"OutputName": key, "S3Output": uploaded}
    arguments = {
        "ProcessingJobName": f"{{% $plan.jobs.{key}.name %}}",
        "RoleArn": use.job_role_arn,
        "AppSpecification": {
            "ImageUri": use.job_image_uri,
            "ContainerArguments": f"{{% $append(['{command or key}'], $plan.arguments.{key}) %}}",
        },
        "ProcessingInputs": _each(inputs, _processing_input(dealt)),
        "ProcessingOutputConfig": {"KmsKeyId": key_arn(use.key), "Outputs": [output]},
        "ProcessingResources": {"ClusterConfig": _machines(use, job)},
        "StoppingCondition": {"MaxRuntimeInSeconds": seconds},
        "Environment": _environment(threads_environment(settings.threads) | dict(environment or {})),
        "NetworkConfig": {
            "EnableNetworkIsolation": True,
            "EnableInterContainerTrafficEncryption": True,
            **in_network(use.job_network),
        },
        "Tags": use.tags,
    }
    return _step(use, name=name, does=does, arguments=arguments, job=job, most_seconds=seconds, assign=_NOTED)


def training(
    use: Resources,
    *,
    name: str,
    does: str,
    instance: str,
    volume_gib: int,
    limits: Mapping[str, int],
    own: Mapping[str, Any],
    environment: Mapping[str, str] | None = None,
    metrics: Iterable[Mapping[str, str]] = (),
    command: str = "",
    keep_alive_seconds: int = 0,
    key: str = "train",
) -> Step:
    """The step that runs a training job, waits for its end and assigns ``TRAINING_RESULT``.

    ``limits`` is its ``StoppingCondition``; ``own`` are further arguments of CreateTrainingJob.
    """
    job = JobSpec(
        key=key,
        kind="training",
        instance=instance,
        volume_gib=volume_gib,
        seconds=limits["MaxRuntimeInSeconds"],
        spot=bool(own.get("EnableManagedSpotTraining")),
    )
    warm_pool = {"KeepAlivePeriodInSeconds": keep_alive_seconds} if keep_alive_seconds else {}
    arguments = {
        "TrainingJobName": f"{{% $plan.jobs.{key}.name %}}",
        "RoleArn": use.job_role_arn,
        "AlgorithmSpecification": _algorithm(use, metrics, command),
        "HyperParameters": "{% $plan.hyperparameters %}",
        "OutputDataConfig": {
            "S3OutputPath": f"{{% $plan.runs.{key} %}}",
            "KmsKeyId": key_arn(use.key),
            "CompressionType": "NONE",  # the artifact's files as they are
        },
        # Copied below a folder of the job's name while it runs, as its artifact is at its end.
        "TensorBoardOutputConfig": {
            "S3OutputPath": f"{{% $plan.runs.{key} %}}",
            "LocalPath": "/opt/ml/output/tensorboard",
        },
        "CheckpointConfig": {"S3Uri": "{% $plan.runs.checkpoints %}", "LocalPath": "/opt/ml/checkpoints"},
        "ResourceConfig": _machines(use, job) | warm_pool,
        "StoppingCondition": dict(limits),
        "Environment": _environment(threads_environment(use.stage.jobs.threads) | dict(environment or {})),
        "Tags": use.tags,
        **own,
    }
    seconds = max(limits.values())
    return _step(use, name=name, does=does, arguments=arguments, job=job, most_seconds=seconds, assign=TRAINING_RESULT)


def _step(
    use: Resources,
    *,
    name: str,
    does: str,
    arguments: Mapping[str, Any],
    job: JobSpec,
    most_seconds: int,
    assign: Mapping[str, str],
) -> Step:
    """The step that starts the job and waits for its end: for its own limit, and for an instance before that."""
    return JobStep(
        name=name,
        does=does,
        resource=f"sagemaker:create{JOB_WORDS[job.kind]}.sync",
        arguments=dict(arguments),
        assign=assign,
        retries=[JOB_RETRY],
        seconds=most_seconds + CAPACITY_SECONDS,
        allows=job_access(use, job.kind),
        job=job,
    )


def _algorithm(use: Resources, metrics: Iterable[Mapping[str, str]], command: str) -> dict[str, Any]:
    """A training job's AlgorithmSpecification; without a command the image runs its own."""
    return {
        "TrainingImage": use.job_image_uri,
        "TrainingInputMode": "File",
        "MetricDefinitions": [*METRIC_DEFINITIONS, *metrics],
        **({"ContainerArguments": [command]} if command else {}),
    }


def in_network(network: VpcConfig | None) -> dict[str, Any]:
    """What puts a job's hosts into a VPC. An isolated container reaches nothing there either: SageMaker brings and takes its files."""
    return {"VpcConfig": network.request()} if network else {}


def channels(uris: Mapping[str, str]) -> str:
    """A training job's InputDataConfig (JSONata): a channel for every name whose address is defined."""
    return _each(
        uris,
        "{'ChannelName': $name, 'InputMode': 'File', 'DataSource': {'S3DataSource': "
        "{'S3DataType': 'S3Prefix', 'S3DataDistributionType': 'FullyReplicated', 'S3Uri': $uri}}}",
    )


def _environment(variables: Mapping[str, str]) -> dict[str, str]:
    """The container's environment, and which execution made the job."""
    return {EXECUTION_VARIABLE: f"{{% {EXECUTION} %}}", **variables}


def _machines(use: Resources, job: JobSpec) -> dict[str, Any]:
    count = f"{{% $plan.jobs.{job.key}.instances %}}"
    key = volume_key(job.instance, key_arn(use.key))
    cluster = {"InstanceCount": count, "InstanceType": job.instance, "VolumeSizeInGB": job.volume_gib}
    return cluster | ({"VolumeKmsKeyId": key} if key else {})


def _processing_input(dealt: str) -> str:
    """One input as JSONata; ``dealt`` names the one that is shared out to the hosts, object by object."""
    whole = "'FullyReplicated'"
    distribution = f"$name = '{dealt}' ? 'ShardedByS3Key' : {whole}" if dealt else whole
    return (
        "{'InputName': $name, 'S3Input': {'S3DataType': 'S3Prefix', 'S3InputMode': 'File', "
        f"'S3DataDistributionType': {distribution}, 'S3Uri': $uri, 'LocalPath': '{_INPUT}/' & $name}}}}"
    )


def _each(uris: Mapping[str, str], item: str) -> str:
    """A JSONata list of ``item`` for every name whose address is defined: ``x ? y`` without ``:`` leaves a name out.

    ``$each`` alone gives one item instead of a list of one.
    """
    pairs = ", ".join(f"'{name}': {uri}" for name, uri in uris.items())
    return f"{{% [$each({{{pairs}}}, function($uri, $name) {{ {item} }})] %}}"


def job_access(use: Resources, kind: JobKind) -> list[Statement]:
    """``.sync`` starts a job, tags it, watches it through a managed EventBridge rule, and stops it with the execution."""
    jobs, word = arn("sagemaker", f"{JOB_RESOURCES[kind]}/{use.stage.prefix}-*"), JOB_WORDS[kind]
    rule = arn("events", f"rule/StepFunctionsGetEventsForSageMaker{word}sRule")
    calls = [f"sagemaker:{verb}{word}" for verb in ("Create", "Describe", "Stop")]
    return [
        allow([*calls, "sagemaker:AddTags"], [jobs]),
        allow(["events:PutTargets", "events:PutRule", "events:DescribeRule"], [rule]),
        *passing(use.job_role_arn),
        # What jobs write is encrypted with the stage's key.
        allow(["kms:GenerateDataKey", "kms:Decrypt"], [key_arn(use.key)]),
    ]

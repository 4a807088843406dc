"""The jobs of a pretraining execution: shard (processing on many hosts), train (many hosts), evaluate (processing)."""

from typing import Any

from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from contracts.hosting import has_efa
from infra.components.training_network import TrainingNetwork
from infra.components.workflow.jobs import (
    CAPACITY_SECONDS,
    METRIC_DEFINITIONS,
    JobSettings,
    Processing,
    environment,
    machines,
    processing,
    training_outputs,
)
from infra.components.workflow.task import SAGEMAKER_JOB_TRANSIENT, Task, retry
from infra.config import threads_environment
from infra.pretraining import Pretraining

_SPEED = {"Name": "samples_per_second", "Regex": r"samples_per_second=([0-9.]+)"}


def shard(scope: Construct, settings: JobSettings, config: Pretraining, on_error: sfn.IChainable) -> Task:
    """Tar files of samples, and some samples set aside. Pictures are dealt out to the hosts; what describes them all get."""
    parts = ("vocabulary", "captions", "labels", "pictures")
    job = Processing(
        step="shard",
        inputs={part: f"$plan.dataset.{part}" for part in parts},
        dealt="pictures",
        instances="$plan.instances.shard",
        instance=config.shard_instance,
    )
    return processing(scope, "Shard", job, settings, on_error)


def train(
    scope: Construct,
    settings: JobSettings,
    config: Pretraining,
    network: TrainingNetwork | None,
    on_error: sfn.IChainable,
) -> Task:
    """Train on every host at once: ``$artifact`` is the prefix of what came out, ``$trained`` the seconds each was billed."""
    return Task(
        scope,
        "Train",
        resource="sagemaker:createTrainingJob.sync",
        arguments=_training_arguments(settings, config, network),
        assign={
            "artifact": "{% $states.result.ModelArtifacts.S3ModelArtifacts %}",
            "trained": "{% $states.result.BillableTimeInSeconds %}",
        },
        retries=[retry(SAGEMAKER_JOB_TRANSIENT)],
        on_error=on_error,
        seconds=config.most_training_seconds + CAPACITY_SECONDS,
    )


def evaluate(scope: Construct, settings: JobSettings, on_error: sfn.IChainable) -> Task:
    """Metrics, pictures and report on the samples that were set aside."""
    inputs = {"held_out": "$plan.runs.held_out", "base": "$plan.base.uri", "artifact": "$artifact"}
    job = Processing(step="evaluate", command="evaluate-base", inputs=inputs)
    return processing(scope, "Evaluate", job, settings, on_error)


def _training_arguments(settings: JobSettings, config: Pretraining, network: TrainingNetwork | None) -> dict[str, Any]:
    fast = has_efa(config.train_instance)
    return {
        "TrainingJobName": "{% $plan.jobs.train %}",
        "RoleArn": settings.role_arn,
        "AlgorithmSpecification": {
            "TrainingImage": settings.image_uri,
            "ContainerArguments": ["pretrain"],
            "TrainingInputMode": "File",
            "MetricDefinitions": [*METRIC_DEFINITIONS, _SPEED],
        },
        "HyperParameters": "{% $plan.hyperparameters %}",
        "InputDataConfig": "{% $plan.channels %}",
        **training_outputs(settings),
        "ResourceConfig": _cluster(settings, config),
        "StoppingCondition": {"MaxRuntimeInSeconds": config.most_training_seconds},
        **environment(threads_environment(settings.jobs.threads) | ({"FI_PROVIDER": "efa"} if fast else {})),
        # Peers may always talk to each other; a streaming run must reach S3 too.
        "EnableNetworkIsolation": "{% $plan.isolated %}",
        # An adapter that bypasses the kernel bypasses SageMaker's encryption; the hardware of these types encrypts by itself.
        "EnableInterContainerTrafficEncryption": not fast,
        **({} if network is None else {"VpcConfig": network.config}),
        "Tags": settings.tag_list(),
    }


def _cluster(settings: JobSettings, config: Pretraining) -> dict[str, Any]:
    cluster = machines(
        config.train_instance, settings.key_arn, volume_gib=config.volume_gib, count="$plan.instances.train"
    )
    return cluster | ({"KeepAlivePeriodInSeconds": config.keep_alive_seconds} if config.keep_alive_seconds else {})

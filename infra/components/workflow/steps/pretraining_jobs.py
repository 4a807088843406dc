"""The jobs of a pretraining execution."""

from contracts.disclosure import as_variables
from contracts.machines import has_efa
from infra.components.workflow.jobs import in_network, processing, training
from infra.components.workflow.resources import Resources
from infra.components.workflow.step import Step

_SPEED = {"Name": "samples_per_second", "Regex": r"samples_per_second=([0-9.]+)"}


def shard(use: Resources) -> Step:
    """Tar files of samples, made on many hosts. Each host gets a part of the pictures, and all that describes them."""
    return processing(
        use,
        name="Shard",
        does="Write the pictures and their captions into tar files, and set some samples aside",
        key="shard",
        inputs={part: f"$plan.dataset.{part}" for part in ("vocabulary", "captions", "labels", "pictures")},
        dealt="pictures",
        instance=use.stage.pretraining.shard_instance,
    )


def train(use: Resources) -> Step:
    """A base model, trained on many hosts."""
    config = use.stage.pretraining
    fast = has_efa(config.train_instance)
    return training(
        use,
        name="Train",
        does="Train the base model on every host at once",
        command="pretrain",
        instance=config.train_instance,
        volume_gib=config.volume_gib,
        keep_alive_seconds=config.keep_alive_seconds,
        limits={"MaxRuntimeInSeconds": config.most_training_seconds},
        environment={"FI_PROVIDER": "efa"} if fast else {},
        metrics=[_SPEED],
        own={
            "InputDataConfig": "{% $plan.channels %}",
            # Hosts can always reach each other; a streaming run must reach S3 too.
            "EnableNetworkIsolation": "{% $plan.isolated %}",
            # An adapter that bypasses the kernel bypasses SageMaker's encryption; the hardware of these types encrypts by itself.
            "EnableInterContainerTrafficEncryption": not fast,
            **in_network(use.pretraining_network),
        },
    )


def evaluate(use: Resources) -> Step:
    """Measure a base model, and write its pictures and report."""
    return processing(
        use,
        name="Evaluate",
        does="Measure the base model on the samples that were set aside, and write its report",
        key="evaluate",
        command="evaluate-base",
        environment=as_variables(use.stage.disclosure.texts),
        inputs={"held_out": "$plan.runs.held_out", "base": "$plan.base.uri", "artifact": "$artifact"},
    )

"""What a stage needs of AWS's limits, by their names in Service Quotas: to be deployed, and to be used."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from infra.settings.stage import Stage

SAGEMAKER, LAMBDA, VPC = "sagemaker", "lambda", "vpc"
VPCS = "VPCs per Region"
ROLLING_UPDATE = 2
"""An update of an endpoint starts as many instances again beside those in service, and moves the traffic to them."""


@dataclass(frozen=True, kw_only=True)
class Quota:
    """``name`` is what Service Quotas calls it; ``because`` says in words what ``to_use`` is for."""

    service: str
    name: str
    to_deploy: int
    to_use: int
    because: str


def quotas(stage: Stage) -> list[Quota]:
    """The quotas of a stage, one line a name. New accounts have 0 of every GPU type."""
    most: dict[str, Quota] = {}
    for quota in _needed(stage):
        known = most.get(quota.name)
        most[quota.name] = _both(known, quota) if known else quota
    return list(most.values())


def most_machines(stage: Stage) -> dict[str, int]:
    """How many machines the stage may have at a time where its quotas are those that it asks for, by their names."""
    return {quota.name: quota.to_use for quota in quotas(stage) if quota.service == SAGEMAKER}


def machine_types(stage: Stage) -> set[str]:
    """Every instance type that the stage may start."""
    return {quota.name.partition(" ")[0] for quota in quotas(stage) if quota.service == SAGEMAKER}


def _both(one: Quota, other: Quota) -> Quota:
    """Two uses of one machine type do not come at the same time: the larger counts."""
    larger = max(one, other, key=lambda quota: quota.to_use)
    return replace(larger, to_deploy=max(one.to_deploy, other.to_deploy), because=f"{one.because}; {other.because}")


def _needed(stage: Stage) -> Iterator[Quota]:
    serving, jobs, pretraining = stage.serving, stage.jobs, stage.pretraining
    yield _machines(
        serving.instance,
        "endpoint",
        serving.most_instances * ROLLING_UPDATE,
        f"{serving.most_instances} at most, as many again while it is updated, and more for styles with an endpoint of their own",
        to_deploy=serving.first_instances,
    )
    for name in serving.fallbacks:
        yield _machines(name, "endpoint", serving.most_instances, f"where AWS has no {serving.instance} left")
    trainings, because = jobs.most_parallel_trials, "a fine-tuning, or those of a search at a time"
    yield _machines(jobs.training_instance, "spot training job" if jobs.spot else "training job", trainings, because)
    yield _machines(jobs.processing_instance, "processing job", 1, "masks and evaluation")
    hosts = pretraining.train_instances
    yield _machines(pretraining.train_instance, "training job", hosts, "the hosts of a pretraining")
    yield _machines(
        pretraining.shard_instance, "processing job", pretraining.shard_instances, "the hosts that make shards"
    )
    if pretraining.keep_alive_seconds:
        yield _machines(
            pretraining.train_instance, "training warm pool", hosts, "hosts that wait for the next pretraining"
        )
    if stage.network:
        yield from _network(stage, len(stage.network.zones))
    because = "requests that the API takes at once"
    yield Quota(service=LAMBDA, name="Concurrent executions", to_deploy=0, to_use=stage.api.burst, because=because)


def _network(stage: Stage, zones: int) -> Iterator[Quota]:
    ways, serving = len(stage.interfaces), stage.serving
    yield _of_vpc(VPCS, 1, 1, "the stage's own")
    yield _of_vpc("Interface VPC endpoints per VPC", ways, ways, "what handlers call")
    yield _of_vpc("Gateway VPC endpoints per Region", 2, 2, "S3 and DynamoDB")
    # Functions of the same subnets and groups share theirs.
    there = (ways + 1) * zones
    hosts = serving.most_instances * ROLLING_UPDATE + max(
        1, stage.pretraining.train_instances, stage.pretraining.shard_instances
    )
    because = f"{there} of interface endpoints and handlers, one a host"
    yield _of_vpc("Network interfaces per Region", there + serving.first_instances, there + hosts, because)


def _of_vpc(name: str, to_deploy: int, to_use: int, because: str) -> Quota:
    return Quota(service=VPC, name=name, to_deploy=to_deploy, to_use=to_use, because=because)


def _machines(instance: str, use: str, count: int, because: str, *, to_deploy: int = 0) -> Quota:
    name = f"{instance} for {use} usage"
    return Quota(service=SAGEMAKER, name=name, to_deploy=to_deploy, to_use=count, because=because)

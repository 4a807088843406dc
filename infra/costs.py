"""``python -m infra.costs STAGE``: what a stage costs an hour, idle and busy, and which quotas a new account lacks."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

from contracts.hosting import has_gpu
from contracts.prices import AS_OF, DOLLARS_PER_HOUR, SPOT_SHARE
from infra.config import STAGES, Stage, stage_named

HOURS_PER_MONTH = 730
KEY_DOLLARS_PER_MONTH = 1.0
ALARM_DOLLARS_PER_MONTH = 0.10
# Target tracking makes two alarms, waking from zero has one.
_ALARMS = 3


@dataclass(frozen=True, kw_only=True)
class Costs:
    """US dollars. ``None`` where the price table does not know the machine."""

    idle_per_month: float
    serving_per_hour: float | None
    serving_most_per_hour: float | None
    training_per_hour: float | None
    processing_per_hour: float | None
    pretraining_per_hour: float | None
    sharding_per_hour: float | None


@dataclass(frozen=True, kw_only=True)
class Quota:
    """A Service Quotas entry of Amazon SageMaker and the value the stage needs."""

    name: str
    needed: int


def costs(stage: Stage) -> Costs:
    """What the stage costs when nobody uses it, and an hour of each of its machines."""
    serving, jobs, pretraining = stage.serving, stage.jobs, stage.pretraining
    return Costs(
        idle_per_month=KEY_DOLLARS_PER_MONTH
        + _ALARMS * ALARM_DOLLARS_PER_MONTH
        + serving.fewest_instances * HOURS_PER_MONTH * (hourly(serving.instance) or 0.0),
        serving_per_hour=hourly(serving.instance),
        serving_most_per_hour=hourly(serving.instance, count=serving.most_instances),
        training_per_hour=hourly(jobs.training_instance, spot=jobs.spot),
        processing_per_hour=hourly(jobs.processing_instance),
        pretraining_per_hour=hourly(pretraining.train_instance, count=pretraining.train_instances),
        sharding_per_hour=hourly(pretraining.shard_instance, count=pretraining.shard_instances),
    )


def hourly(instance_type: str, *, count: int = 1, spot: bool = False) -> float | None:
    """Dollars an hour for ``count`` machines; ``None`` where the table does not know the type."""
    price = DOLLARS_PER_HOUR.get(instance_type)
    return None if price is None else price * count * (SPOT_SHARE if spot else 1.0)


def quotas(stage: Stage) -> list[Quota]:
    """What must be allowed before the stage can be deployed and used. New accounts have 0 of every GPU type."""
    serving, jobs, pretraining = stage.serving, stage.jobs, stage.pretraining
    training = "spot training job usage" if jobs.spot else "training job usage"
    needed = [
        (f"{serving.instance} for endpoint usage", serving.most_instances),
        (f"{jobs.training_instance} for {training}", 1),
        (f"{jobs.processing_instance} for processing job usage", 1),
        (f"{pretraining.train_instance} for training job usage", pretraining.train_instances),
        (f"{pretraining.shard_instance} for processing job usage", pretraining.shard_instances),
    ]
    if pretraining.keep_alive_seconds:
        needed.append((f"{pretraining.train_instance} for training warm pool usage", pretraining.train_instances))
    most: dict[str, int] = {}
    for name, count in needed:
        most[name] = max(count, most.get(name, 0))
    return [Quota(name=name, needed=count) for name, count in most.items()]


def report(stage: Stage) -> str:
    """The costs and quotas as text."""
    prices = costs(stage)
    serving, jobs = stage.serving, stage.jobs
    spot = ", spot" if jobs.spot else ""
    lines = [
        f"Stage {stage.name}: US dollars, us-east-1, prices of {AS_OF}",
        f"  idle, endpoint at {serving.fewest_instances} instances   {_dollars(prices.idle_per_month)} a month",
        f"  endpoint awake    {serving.instance:<16} {_dollars(prices.serving_per_hour)} an hour an instance, "
        f"at most {_dollars(prices.serving_most_per_hour)} ({serving.most_instances} instances)",
        f"  fine-tuning       {jobs.training_instance:<16} {_dollars(prices.training_per_hour)} an hour{spot}, "
        f"at most {jobs.most_training_seconds / 3600:g} h a run",
        f"  masks, evaluation {jobs.processing_instance:<16} {_dollars(prices.processing_per_hour)} an hour, "
        f"at most {jobs.most_processing_seconds / 3600:g} h a job",
        *_pretraining_lines(stage, prices),
        "  deploying wakes one instance of the endpoint until its queue has been empty for about 20 minutes",
        "  requests, storage and logs are billed as used: cents a day",
        "Quotas needed (Service Quotas, Amazon SageMaker):",
        *(f"  {quota.name}: {quota.needed}" for quota in quotas(stage)),
    ]
    if any(has_gpu(name) for name in machine_types(stage)):
        lines.append(
            "  A new account has 0 of GPU types: ask first, the answer may take days. Stage trial needs no GPU."
        )
    return "\n".join(lines)


def machine_types(stage: Stage) -> set[str]:
    """Every instance type that the stage may start."""
    jobs, pretraining = stage.jobs, stage.pretraining
    own = {stage.serving.instance, jobs.training_instance, jobs.processing_instance}
    return own | {pretraining.train_instance, pretraining.shard_instance}


def _pretraining_lines(stage: Stage, prices: Costs) -> list[str]:
    config = stage.pretraining
    warm = f", then {config.keep_alive_seconds / 60:g} min warm" if config.keep_alive_seconds else ""
    return [
        f"  pretraining       {config.train_instance:<16} {_dollars(prices.pretraining_per_hour)} an hour for "
        f"{config.train_instances} hosts, at most {config.most_training_seconds / 3600:g} h a run{warm}",
        f"  making shards     {config.shard_instance:<16} {_dollars(prices.sharding_per_hour)} an hour for "
        f"{config.shard_instances} hosts, at most {stage.jobs.most_processing_seconds / 3600:g} h",
    ]


def _dollars(amount: float | None) -> str:
    return "unknown" if amount is None else f"${amount:.2f}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print one stage's report."""
    parser = argparse.ArgumentParser(prog="python -m infra.costs", description=__doc__)
    parser.add_argument("stage", choices=tuple(STAGES))
    print(report(stage_named(parser.parse_args(arguments).stage)))


if __name__ == "__main__":
    main()

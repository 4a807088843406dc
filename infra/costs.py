"""``python -m infra.costs STAGE``: what a stage costs an hour, idle and busy, and which quotas a new account lacks."""

import argparse
from collections.abc import Sequence

from contracts.batches import MOST_ROWS
from contracts.machines import has_gpu
from contracts.prices import AS_OF, DOLLARS_PER_HOUR, REGION, SPOT_SHARE
from infra.components.scaling import EMPTY_MINUTES
from infra.config import STAGES, stage_named
from infra.function_costs import FunctionCosts, of_batch, of_predictions
from infra.page_costs import page_costs, page_quotas
from infra.quotas import machine_types, quotas
from infra.settings.serving import Serving
from infra.settings.stage import Stage
from infra.standing_costs import ALARM_DOLLARS, STYLE_ENDPOINT_ALARMS, standing
from infra.work_costs import (
    STYLE_PICTURES,
    WAKE_MINUTES,
    picture_seconds,
    pictures_dollars,
    style_dollars,
    style_estimate,
    update_dollars,
)

CHECK_MINUTES = 5
"""What a processing job takes that only decodes pictures: most of it is its instance, which starts and loads the image."""


def idle_per_month(stage: Stage) -> float:
    """US dollars that the stage costs when nobody uses it."""
    return sum(item.dollars for item in standing(stage))


def hourly(instance_type: str, *, count: float = 1, spot: bool = False) -> float | None:
    """Dollars an hour for ``count`` machines; ``None`` where the table does not know the type."""
    price = DOLLARS_PER_HOUR.get(instance_type)
    return None if price is None else price * count * (SPOT_SHARE if spot else 1.0)


def report(stage: Stage) -> str:
    """The costs and quotas as text."""
    serving, jobs, config = stage.serving, stage.jobs, stage.pretraining
    spot = ", spot" if jobs.spot else ""
    warm = f", then {config.keep_alive_seconds / 60:g} min warm" if config.keep_alive_seconds else ""
    check = hourly(jobs.processing_instance, count=CHECK_MINUTES / 60)
    lines = [
        f"Stage {stage.name}: US dollars, prices of {REGION} in {AS_OF}",
        *_elsewhere(stage.placement.region),
        f"  idle, endpoint at {serving.fewest_instances} instances{_by_the_clock(serving)}   {_dollars(idle_per_month(stage))} a month",
        *(f"    {item.what:<32} {_dollars(item.dollars)}" for item in standing(stage)),
        f"  endpoint awake    {_price(serving.instance)} an instance, "
        f"at most {_dollars(hourly(serving.instance, count=serving.most_instances))} ({serving.most_instances} instances)",
        f"  fine-tuning       {_price(jobs.training_instance, spot=jobs.spot)}{spot}, "
        f"at most {jobs.most_training_seconds / 3600:g} h a run",
        f"  masks, evaluation {_price(jobs.processing_instance)}, at most {jobs.most_processing_seconds / 3600:g} h a job",
        f"    for text-to-image no masks, but the pictures decoded: about {CHECK_MINUTES} minutes, {_dollars(check)} a run",
        f"  pretraining       {_price(config.train_instance, count=config.train_instances)} for "
        f"{config.train_instances} hosts, at most {config.most_training_seconds / 3600:g} h a run{warm}",
        f"  making shards     {_price(config.shard_instance, count=config.shard_instances)} for "
        f"{config.shard_instances} hosts, at most {jobs.most_processing_seconds / 3600:g} h",
        *_work(stage),
        "Quotas needed, as Service Quotas calls them:",
        *(f"  {quota.name}: {quota.to_deploy} to deploy, {quota.to_use} to use" for quota in quotas(stage)),
        *page_quotas(stage),
    ]
    if any(has_gpu(name) for name in machine_types(stage)):
        lines.append(
            "  A new account has 0 of GPU types: ask first, the answer may take days. Stage trial needs no GPU."
        )
    return "\n".join(lines)


def _elsewhere(region: str) -> list[str]:
    """Said for a region whose prices are not known here."""
    page = "https://aws.amazon.com/sagemaker/ai/pricing/"
    return [f"  {region} has prices of its own, mostly higher: {page}"] if region not in ("", REGION) else []


def _work(stage: Stage) -> list[str]:
    """What work costs, with what stands around it. The times are estimates."""
    serving = stage.serving
    own = hourly(serving.instance, count=serving.most_instances)
    return [
        f"  a picture alone   {_dollars(pictures_dollars(stage, 1))}: {_around(serving)}",
        f"  1,000 pictures    {_dollars(pictures_dollars(stage, 1_000))} in a row, at about {picture_seconds(stage):g} s each",
        f"  a style           {_dollars(style_dollars(stage))} from {STYLE_PICTURES} pictures: masks, "
        f"{_minutes(style_estimate(stage).training_minutes)} of training, evaluation, smoke test",
        f"  a style's own endpoint (full fine-tuning) at most {_dollars(own)} an hour awake, "
        f"and {_dollars(STYLE_ENDPOINT_ALARMS * ALARM_DOLLARS)} a month for its alarms",
        f"  updating the endpoint starts as many instances again: at most {_dollars(update_dollars(stage))} more",
        *_deploying(serving),
        *_functions(stage),
        *page_costs(stage),
        "  API Gateway, the table, what runs and pictures store until they expire, and logs are billed as used: cents a day",
    ]


def _around(serving: Serving) -> str:
    """What is paid for beside the painting."""
    if serving.fewest_instances:
        return "of an instance that is awake whether it paints or not"
    return f"an instance wakes for {WAKE_MINUTES} minutes, and idles for about {EMPTY_MINUTES} before it sleeps"


def _deploying(serving: Serving) -> list[str]:
    if serving.is_real_time:
        return []
    wakes = f"  deploying wakes {serving.first_instances} of the endpoint's instances "
    return [f"{wakes}until its queue has been empty for about {EMPTY_MINUTES} minutes"]


def _functions(stage: Stage) -> list[str]:
    """What work costs besides its machines."""
    painting = _dollars(pictures_dollars(stage, MOST_ROWS))
    return [
        f"  a batch           of {MOST_ROWS:,} rows {painting}, painted one by one",
        f"  functions of 1,000 predictions, without looks at them: {_besides(of_predictions(stage, 1_000))}",
        f"  functions of a batch of {MOST_ROWS:,} rows: {_besides(of_batch(stage, MOST_ROWS))}",
    ]


def _besides(costs: FunctionCosts) -> str:
    states = f" and {costs.transitions:,} state transitions" if costs.transitions else ""
    called = f"{costs.invocations:,} invocations{states} ${costs.dollars:.4f}"
    return f"{called}, and ${costs.dollars_a_time:.4f} for each 100 ms that each of them takes"


def _by_the_clock(serving: Serving) -> str:
    hours = serving.office_hours
    return f", {hours.instances} for {hours.hours_a_week} hours a week" if hours else ""


def _price(instance_type: str, *, count: int = 1, spot: bool = False) -> str:
    return f"{instance_type:<16} {_dollars(hourly(instance_type, count=count, spot=spot))} an hour"


def _dollars(amount: float | None) -> str:
    return "unknown" if amount is None else f"${amount:.2f}"


def _minutes(count: float | None) -> str:
    if count is None:
        return "an unknown time"
    return f"{count:.0f} min" if count >= 1 else "less than 1 min"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print one stage's report."""
    parser = argparse.ArgumentParser(prog="python -m infra.costs", description=__doc__)
    parser.add_argument("stage", choices=tuple(STAGES))
    parser.add_argument("--region", help="where it is deployed: some machines and all prices differ")
    options = parser.parse_args(arguments)
    stage = stage_named(options.stage)
    print(report(stage.placed(stage.placement.with_context({"region": options.region}.get))))


if __name__ == "__main__":
    main()

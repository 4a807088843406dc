"""What a stage costs, before anything of it is made."""

from dataclasses import asdict

from cli.errors import CommandError
from cli.terminal import print_json
from contracts.batches import MOST_ROWS
from infra.config import stage_named
from infra.costs import idle_per_month, report
from infra.function_costs import of_batch, of_predictions
from infra.quotas import quotas
from infra.settings.stage import Stage
from infra.work_costs import pictures_dollars, style_dollars, style_minutes


def run_cost(name: str, *, region: str, json: bool) -> None:
    """Print the stage's costs and quotas; amounts are US dollars, None where the price table does not know a machine.

    Raises CommandError for a region that AWS does not have.
    """
    stage = stage_named(name)
    try:
        stage = stage.placed(stage.placement.with_context({"region": region or None}.get))
    except ValueError as error:
        raise CommandError(f"stage {name}: {error}") from error
    if json:
        print_json(numbers(stage))
    else:
        print(report(stage))


def numbers(stage: Stage) -> dict[str, object]:
    """The same for programs."""
    return {
        "stage": stage.name,
        "idle_dollars_a_month": round(idle_per_month(stage), 2),
        "style_dollars": style_dollars(stage),
        "style_minutes": style_minutes(stage),
        "picture_dollars": pictures_dollars(stage, 1),
        "thousand_pictures_dollars": pictures_dollars(stage, 1_000),
        "largest_batch_rows": MOST_ROWS,
        "largest_batch_pictures_dollars": pictures_dollars(stage, MOST_ROWS),
        "thousand_predictions_functions": asdict(of_predictions(stage, 1_000)),
        "largest_batch_functions": asdict(of_batch(stage, MOST_ROWS)),
        "quotas": [
            {"name": quota.name, "to_deploy": quota.to_deploy, "to_use": quota.to_use} for quota in quotas(stage)
        ],
    }

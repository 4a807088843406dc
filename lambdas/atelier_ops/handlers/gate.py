"""Decides whether a fine-tuned or pretrained model is good enough to register."""

from typing import Any

from atelier_ops.gateways.storage import ObjectStore, read_json
from atelier_ops.logic.card import model_card
from atelier_ops.logic.gate import judge
from atelier_ops.logic.spread import read_spread
from atelier_ops.observability import observed
from contracts.layout import run_prefix
from contracts.plan import read_plan
from contracts.settings import EnvironmentSettings


class Settings(EnvironmentSettings):
    """Environment."""

    data_bucket: str


@observed
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """``{"plan", "artifact"}`` → ``{"passed", "failures", "metrics", "comparison", "card"}``.

    Raises MetricMissingError, MissingObjectError.
    """
    data = ObjectStore(Settings.from_environment().data_bucket)
    plan = read_plan(event["plan"])
    evaluated = run_prefix(plan.execution, "evaluate")
    measured = read_json(data, evaluated + "metrics.json")
    verdict = judge(plan.gate, measured, plan.metrics)
    if verdict["failures"] and plan.comparison:
        verdict["failures"].append(plan.comparison)
    card = model_card(plan, event["artifact"], verdict, read_spread(evaluated, data))
    return verdict | {"comparison": plan.comparison, "card": card}

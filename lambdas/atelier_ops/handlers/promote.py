"""Promotes a run's version, so that the style's bare name means it; never back from a newer one."""

from typing import Any

from atelier_ops.gateways.storage import ObjectStore
from atelier_ops.logic.promotion import promote_run
from atelier_ops.observability import logger, observed
from contracts.plan import FineTuningPlan
from contracts.settings import EnvironmentSettings


class Settings(EnvironmentSettings):
    """Environment."""

    model_bucket: str


@observed
def handler(event: dict[str, Any], context: object) -> dict[str, str]:
    """``{"plan", "version"}`` → ``{"promotion"}``, what was done in words. Step Functions gives the version as text."""
    models = ObjectStore(Settings.from_environment().model_bucket)
    plan = FineTuningPlan.from_json(event["plan"])
    promotion = promote_run(plan, int(event["version"]), models)
    logger.info(promotion, style=plan.style)
    return {"promotion": promotion}

"""Promotes a run's version, so that the style's bare name means it; never back from a newer one, nor to one that was rejected."""

from typing import Any

from atelier_ops.gateways.registry import Packages
from atelier_ops.gateways.storage import ObjectStore
from atelier_ops.logic.names import style_endpoint
from atelier_ops.logic.promotion import promote_run
from atelier_ops.logic.versions import approval_of, versions_left
from atelier_ops.observability import logger, observed
from contracts.plan import FineTuningPlan
from contracts.settings import EnvironmentSettings


class Settings(EnvironmentSettings):
    """Environment."""

    model_bucket: str
    name_prefix: str


@observed
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """``{"plan", "version"}`` → ``{"promotion", "left"}``: what was done in words, and the endpoints that are needed no longer.

    Step Functions gives the version as text.
    """
    settings = Settings.from_environment()
    models = ObjectStore(settings.model_bucket)
    plan = FineTuningPlan.from_json(event["plan"])
    version = int(event["version"])
    words, promotion = promote_run(plan, version, models, approval_of(plan.style, version, models, Packages()))
    logger.info(words, style=plan.style)
    left = versions_left(plan.style, promotion, models) if promotion else []
    return {"promotion": words, "left": [style_endpoint(settings.name_prefix, plan.style, number) for number in left]}

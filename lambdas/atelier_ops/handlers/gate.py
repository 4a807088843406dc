"""Decides whether a fine-tuned or pretrained model is good enough to register."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from atelier_ops.gateways.storage import ObjectStore, S3Store, read_json
from atelier_ops.logic.gate import judge
from atelier_ops.observability import observed
from atelier_ops.settings import read_settings
from contracts.layout import run_prefix
from contracts.plan import read_plan


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Environment."""

    data_bucket: str


@cache
def dependencies() -> ObjectStore:
    """The data bucket, made once a container."""
    return S3Store(read_settings(Settings).data_bucket)


@observed
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """``{"plan", "artifact"}`` → ``{"passed", "failures", "metrics"}``. Raises MetricMissingError, MissingObjectError."""
    plan = read_plan(event["plan"])
    measured = read_json(dependencies(), run_prefix(plan.execution, "evaluate") + "metrics.json")
    return judge(plan.gate, measured, plan.metrics)

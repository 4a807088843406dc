"""First state of a batch: reads and checks every row, and writes what the map paints."""

import json
import time
from typing import Any, cast

from atelier_ops.gateways.records import Records
from atelier_ops.gateways.storage import ObjectStore
from atelier_ops.gateways.topic import Topic
from atelier_ops.logic.batches.preparing import BatchPreparation, prepare_batch
from atelier_ops.observability import observed
from contracts.clients import read_clients
from contracts.people import ConsentRule
from contracts.safety.rules import SafetyRules
from contracts.settings import EnvironmentSettings
from contracts.work import Pace


class Settings(EnvironmentSettings):
    """Environment. ``serving_instance`` is the type of the machines that paint; ``safety_rules`` is
    ``contracts.safety.rules.SafetyRules`` as JSON.
    """

    table_name: str
    media_bucket: str
    model_bucket: str
    endpoint_name: str
    name_prefix: str
    pace: str
    consent: str
    safety_rules: str
    commercial: bool
    media_days: int
    clients: str
    serving_instance: str
    webhook_topic_arn: str


@observed
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """``{"input", "execution"}`` → ``{"batch"}``."""
    settings = Settings.from_environment()
    dependencies = BatchPreparation(
        records=Records(settings.table_name),
        media=ObjectStore(settings.media_bucket),
        models=ObjectStore(settings.model_bucket),
        shared_endpoint=settings.endpoint_name,
        name_prefix=settings.name_prefix,
        pace=Pace.from_text(settings.pace),
        consent=cast(ConsentRule, settings.consent),
        commercial=settings.commercial,
        safety=SafetyRules.from_text(settings.safety_rules),
        clients=read_clients(settings.clients),
        instance=settings.serving_instance,
        keep_seconds=settings.media_days * 86_400,
        due=Topic(settings.webhook_topic_arn),
        now=time.time(),
    )
    plan = prepare_batch(event["input"], event["execution"], dependencies)
    return {"batch": json.loads(plan.model_dump_json())}

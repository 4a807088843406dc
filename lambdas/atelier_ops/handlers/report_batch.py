"""Last state of a batch: writes what became of each item."""

import time
from typing import Any

from atelier_ops.gateways.records import Records
from atelier_ops.gateways.storage import ObjectStore
from atelier_ops.gateways.topic import Topic
from atelier_ops.logic.batches.reporting import Reporting, report_batch
from atelier_ops.observability import observed
from contracts.disclosure import read_texts
from contracts.settings import EnvironmentSettings


class Settings(EnvironmentSettings):
    """Environment."""

    table_name: str
    media_bucket: str
    serving_instance: str
    disclosure: str
    webhook_topic_arn: str


@observed
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """``{"batch"}`` → ``{"totals"}``."""
    settings = Settings.from_environment()
    dependencies = Reporting(
        records=Records(settings.table_name),
        media=ObjectStore(settings.media_bucket),
        instance=settings.serving_instance,
        due=Topic(settings.webhook_topic_arn),
        disclosure=read_texts(settings.disclosure),
        now=time.time(),
    )
    batch = event["batch"]
    return {"totals": report_batch(batch["id"], batch["round"], "succeeded", dependencies)}

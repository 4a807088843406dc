"""Reports batches that could not report themselves: that failed, were stopped or ran out of time, when EventBridge says so, or unheard."""

import time
from typing import Any

from atelier_ops.gateways.records import Records
from atelier_ops.gateways.storage import ObjectStore
from atelier_ops.gateways.topic import Topic
from atelier_ops.gateways.workflow import Executions
from atelier_ops.logic.batches.reporting import Settling, settle_execution, settle_lost
from atelier_ops.observability import logger, observed
from contracts.disclosure import read_texts
from contracts.settings import EnvironmentSettings


class Settings(EnvironmentSettings):
    """Environment."""

    table_name: str
    media_bucket: str
    batch_machine_arn: str
    serving_instance: str
    disclosure: str
    webhook_topic_arn: str


@observed
def handler(event: dict[str, Any], context: object) -> None:
    """An EventBridge event of Step Functions, or of the schedule. What holds, Step Functions says."""
    settings = Settings.from_environment()
    dependencies = Settling(
        records=Records(settings.table_name),
        media=ObjectStore(settings.media_bucket),
        executions=Executions(settings.batch_machine_arn),
        instance=settings.serving_instance,
        due=Topic(settings.webhook_topic_arn),
        disclosure=read_texts(settings.disclosure),
        now=time.time(),
    )
    if event["detail-type"] == "Scheduled Event":
        for line in settle_lost(dependencies):
            logger.info(line)
    else:
        logger.info(settle_execution(event["detail"]["executionArn"].rpartition(":")[2], dependencies))

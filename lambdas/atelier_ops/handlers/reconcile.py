"""Settles, every few minutes, the answers whose notification got lost and that nobody asked about."""

import time
from typing import Any

from atelier_ops.gateways.inference import Inference
from atelier_ops.gateways.records import Records
from atelier_ops.gateways.storage import ObjectStore
from atelier_ops.gateways.topic import Topic
from atelier_ops.gateways.workflow import Tokens
from atelier_ops.logic.late_answers import reconcile
from atelier_ops.logic.submission import Ending
from atelier_ops.observability import logger, observed
from contracts.settings import EnvironmentSettings

SPARE_MILLISECONDS = 30_000
"""No record is begun with less time than this left: the next sweep takes it."""


class Settings(EnvironmentSettings):
    """Environment. ``media_days`` is after how many days pictures expire, and predictions with them; ``real_time_function`` is what asks
    endpoints, ``none`` where they are asynchronous.
    """

    table_name: str
    media_bucket: str
    media_days: int
    webhook_topic_arn: str
    real_time_function: str


@observed
def handler(event: dict[str, Any], context: Any) -> None:
    """Called on a schedule; the event says nothing of use."""
    settings = Settings.from_environment()
    records, media = Records(settings.table_name), ObjectStore(settings.media_bucket)
    dependencies = Ending(
        records=records,
        media=media,
        inference=Inference(settings.real_time_function),
        tokens=Tokens(),
        due=Topic(settings.webhook_topic_arn),
    )
    looked = reconcile(
        dependencies,
        settings.media_days * 86_400,
        time.time,
        lambda: context.get_remaining_time_in_millis() > SPARE_MILLISECONDS,
    )
    logger.info("looked at open records", looked=looked)

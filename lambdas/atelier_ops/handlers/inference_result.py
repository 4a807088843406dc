"""Handles SNS notifications of finished requests: stores a prediction's pictures, or answers a run's smoke test."""

import time
from contextlib import ExitStack
from typing import Any

from atelier_ops.gateways.inference import Inference
from atelier_ops.gateways.records import Records
from atelier_ops.gateways.storage import ObjectStore
from atelier_ops.gateways.topic import Topic
from atelier_ops.gateways.workflow import Tokens
from atelier_ops.logic.notification import messages, read_outcome
from atelier_ops.logic.results import settle
from atelier_ops.logic.submission import Ending
from atelier_ops.observability import logger, observed
from contracts.settings import EnvironmentSettings


class Settings(EnvironmentSettings):
    """Environment. ``real_time_function`` is what asks endpoints; ``none`` where they are asynchronous."""

    table_name: str
    media_bucket: str
    webhook_topic_arn: str
    real_time_function: str


@observed
def handler(event: dict[str, Any], context: object) -> None:
    """An SNS event with one or more notifications of an endpoint.

    One that cannot be settled does not keep the others; it is raised in the end, so that the event is tried again and kept.
    """
    settings = Settings.from_environment()
    records, media = Records(settings.table_name), ObjectStore(settings.media_bucket)
    dependencies = Ending(
        records=records,
        media=media,
        inference=Inference(settings.real_time_function),
        tokens=Tokens(),
        due=Topic(settings.webhook_topic_arn),
    )
    with ExitStack() as every:  # it calls all of them, and raises what one of them raised
        for message in messages(event):
            every.callback(_settle, message, dependencies)


def _settle(message: str, dependencies: Ending) -> None:
    logger.info(settle(read_outcome(message), dependencies, time.time()))

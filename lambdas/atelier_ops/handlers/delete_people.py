"""Removes, every few minutes, what belongs to people whose data are to be deleted."""

import time
from typing import Any

from atelier_ops.gateways.inference import Inference
from atelier_ops.gateways.logs import Logs
from atelier_ops.gateways.records import Records
from atelier_ops.gateways.registry import Packages
from atelier_ops.gateways.storage import ObjectStore
from atelier_ops.gateways.topic import Topic
from atelier_ops.gateways.workflow import Executions, Tokens
from atelier_ops.logic.people.erasure import Erasing
from atelier_ops.logic.people.sweep import erase_all
from atelier_ops.observability import logger, observed
from contracts.disclosure import read_texts
from contracts.settings import EnvironmentSettings

SPARE_MILLISECONDS = 60_000
"""No thing is begun with less time than this left: the next sweep takes it."""


class Settings(EnvironmentSettings):
    """Environment. ``serving_instance`` is the type of the machines that paint; ``real_time_function`` is what asks endpoints, ``none``
    where they are asynchronous.
    """

    table_name: str
    media_bucket: str
    data_bucket: str
    model_bucket: str
    name_prefix: str
    state_machine_arn: str
    batch_machine_arn: str
    serving_instance: str
    disclosure: str
    webhook_topic_arn: str
    real_time_function: str


@observed
def handler(event: dict[str, Any], context: Any) -> None:
    """Called on a schedule; the event says nothing of use."""
    settings = Settings.from_environment()
    dependencies = Erasing(
        records=Records(settings.table_name),
        media=ObjectStore(settings.media_bucket),
        data=ObjectStore(settings.data_bucket),
        models=ObjectStore(settings.model_bucket),
        inference=Inference(settings.real_time_function),
        due=Topic(settings.webhook_topic_arn),
        tokens=Tokens(),
        packages=Packages(),
        executions=Executions(settings.state_machine_arn),
        batches=Executions(settings.batch_machine_arn),
        logs=Logs(),
        name_prefix=settings.name_prefix,
        instance=settings.serving_instance,
        disclosure=read_texts(settings.disclosure),
        now=time.time(),
    )
    finished = erase_all(dependencies, lambda: context.get_remaining_time_in_millis() > SPARE_MILLISECONDS)
    logger.info("people's data deleted", finished=finished)

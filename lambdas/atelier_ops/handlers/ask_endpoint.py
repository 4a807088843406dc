"""Asks a real-time endpoint for whoever handed a request over, and tells of its answer as SageMaker tells of an asynchronous one's."""

import time
from typing import Any

from atelier_ops.gateways.real_time import RealTimeEndpoints
from atelier_ops.gateways.storage import ObjectStore
from atelier_ops.gateways.topic import Topic
from atelier_ops.logic.real_time import EndpointCall, EndpointCalling, carry_out
from atelier_ops.observability import logger, observed
from contracts.settings import EnvironmentSettings


class Settings(EnvironmentSettings):
    """Environment."""

    media_bucket: str
    success_topic_arn: str
    error_topic_arn: str


@observed
def handler(event: dict[str, Any], context: object) -> None:
    """``{"endpoint", "request", "body", "inference_id", "output", "failure"}``: the addresses are those of objects."""
    settings = Settings.from_environment()
    dependencies = EndpointCalling(
        media=ObjectStore(settings.media_bucket),
        endpoints=RealTimeEndpoints(),
        success=Topic(settings.success_topic_arn),
        error=Topic(settings.error_topic_arn),
        clock=time.monotonic,
        pause=time.sleep,
    )
    logger.info(carry_out(EndpointCall.of(event), dependencies))

"""The HTTP API: predictions, trainings and files, behind API Gateway's proxy integration."""

import time
from collections.abc import Callable
from functools import cache
from typing import Any

from atelier_ops.gateways.inference import Inference
from atelier_ops.gateways.records import Records
from atelier_ops.gateways.storage import ObjectStore
from atelier_ops.gateways.workflow import Executions
from atelier_ops.logic import predictions, trainings, uploads
from atelier_ops.logic.api import Dependencies, answer
from atelier_ops.observability import observed
from contracts.settings import EnvironmentSettings


class Settings(EnvironmentSettings):
    """Environment. ``endpoint_name`` is the shared endpoint."""

    table_name: str
    media_bucket: str
    data_bucket: str
    model_bucket: str
    endpoint_name: str
    name_prefix: str
    state_machine_arn: str


@cache
def dependencies() -> Callable[[float], Dependencies]:
    """What the API needs, made once a container, as a function of the time of a request."""
    settings = Settings.from_environment()
    media, models = ObjectStore(settings.media_bucket), ObjectStore(settings.model_bucket)
    for_predictions = predictions.Dependencies(
        records=Records(settings.table_name),
        media=media,
        models=models,
        inference=Inference(),
        shared_endpoint=settings.endpoint_name,
        name_prefix=settings.name_prefix,
    )
    executions = Executions(settings.state_machine_arn)
    for_trainings = trainings.Dependencies(executions=executions, model_bucket=settings.model_bucket)
    for_uploads = uploads.Dependencies(media=media, data=ObjectStore(settings.data_bucket))
    return lambda now: Dependencies(predictions=for_predictions, trainings=for_trainings, uploads=for_uploads, now=now)


@observed
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """One REST proxy event → one proxy response."""
    return answer(event, dependencies()(time.time()), context)

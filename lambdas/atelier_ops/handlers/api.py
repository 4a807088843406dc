"""The HTTP API: predictions, trainings, files and styles, behind API Gateway's proxy integration."""

import time
from typing import Any, cast

from atelier_ops.gateways.endpoints import Endpoints
from atelier_ops.gateways.inference import Inference
from atelier_ops.gateways.logs import Logs
from atelier_ops.gateways.records import Records
from atelier_ops.gateways.registry import Jobs, Packages
from atelier_ops.gateways.storage import ObjectStore
from atelier_ops.gateways.topic import Topic
from atelier_ops.gateways.workflow import Executions, Tokens
from atelier_ops.logic.api import answer
from atelier_ops.logic.awake import SeenFleets
from atelier_ops.logic.http import Dependencies
from atelier_ops.observability import observed
from contracts.clients import read_clients
from contracts.disclosure import read_texts
from contracts.people import ConsentRule
from contracts.release import ReleaseRules
from contracts.safety.rules import SafetyRules
from contracts.settings import EnvironmentSettings
from contracts.webhooks import Reach
from contracts.work import Pace

_FLEETS = SeenFleets()


class Settings(EnvironmentSettings):
    """Environment. ``endpoint_name`` is the shared endpoint, which serves ``served_base`` (``name@revision``) with ``image_uri``.

    ``tags`` are the stage's, ``key=value`` each; ``release_rules`` is ``contracts.release.ReleaseRules`` as JSON, and ``pace``
    ``contracts.work.Pace``; ``clients`` is ``contracts.clients.Clients`` as JSON, and ``disclosure`` ``contracts.disclosure.Texts``.
    ``webhooks`` is ``contracts.webhooks.Reach``, ``consent`` ``contracts.people.ConsentRule``.
    Pages of ``origins`` may read answers, ``none`` is no page.
    ``safety_rules`` is ``contracts.safety.rules.SafetyRules``.
    The rate policies are values of ``RateLimit-Policy``.
    ``media_days`` is after how many days pictures expire, and predictions with them; ``startup_seconds`` is the endpoint's.
    ``real_time_function`` is what asks endpoints; ``none`` where they are asynchronous.
    """

    table_name: str
    media_bucket: str
    data_bucket: str
    model_bucket: str
    endpoint_name: str
    served_base: str
    image_uri: str
    name_prefix: str
    tags: tuple[str, ...]
    state_machine_arn: str
    release_rules: str
    safety_rules: str
    pace: str
    consent: str
    media_days: int
    outputs_days: int
    masks_days: int
    real_time_function: str
    startup_seconds: int
    clients: str
    webhooks: str
    webhook_topic_arn: str
    origins: tuple[str, ...]
    disclosure: str
    commercial: bool
    rate_policy: str
    costly_rate_policy: str
    batch_machine_arn: str


@observed
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """One REST proxy event → one proxy response."""
    settings = Settings.from_environment()
    dependencies = Dependencies(
        records=Records(settings.table_name),
        media=ObjectStore(settings.media_bucket),
        data=ObjectStore(settings.data_bucket),
        models=ObjectStore(settings.model_bucket),
        inference=Inference(settings.real_time_function),
        endpoints=Endpoints(),
        executions=Executions(settings.state_machine_arn),
        batches=Executions(settings.batch_machine_arn),
        logs=Logs(),
        jobs=Jobs(),
        packages=Packages(),
        shared_endpoint=settings.endpoint_name,
        served_base=settings.served_base,
        image_uri=settings.image_uri,
        name_prefix=settings.name_prefix,
        tags=dict(tag.split("=", 1) for tag in settings.tags),
        rules=ReleaseRules.from_text(settings.release_rules),
        safety=SafetyRules.from_text(settings.safety_rules),
        pace=Pace.from_text(settings.pace),
        consent=cast(ConsentRule, settings.consent),
        clients=read_clients(settings.clients),
        due=Topic(settings.webhook_topic_arn),
        tokens=Tokens(),
        reach=cast(Reach, settings.webhooks),
        disclosure=read_texts(settings.disclosure),
        commercial=settings.commercial,
        origins=tuple(origin for origin in settings.origins if origin != "none"),
        rate_policy=settings.rate_policy,
        costly_rate_policy=settings.costly_rate_policy,
        keep_seconds=settings.media_days * 86_400,
        picture_seconds=settings.outputs_days * 86_400,
        mask_seconds=settings.masks_days * 86_400,
        startup_seconds=settings.startup_seconds,
        now=time.time(),
        clock=time.time,
        pause=time.sleep,
        fleets=_FLEETS,
    )
    return answer(event, dependencies, context)

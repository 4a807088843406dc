"""Asks a person to approve a model package; the run waits with its task token until ``resume`` answers."""

import time
from dataclasses import dataclass
from functools import cache
from typing import Any

from atelier_ops.gateways.records import Records
from atelier_ops.gateways.registry import Packages
from atelier_ops.gateways.topic import Topic
from atelier_ops.gateways.workflow import Tokens
from atelier_ops.logic.approval import request_message, settle_approval, waiting
from atelier_ops.observability import logger, observed
from contracts.plan import read_plan
from contracts.settings import EnvironmentSettings


class Settings(EnvironmentSettings):
    """Environment."""

    table_name: str
    topic_arn: str


@dataclass(frozen=True, kw_only=True)
class Dependencies:
    """What asking needs."""

    records: Records
    topic: Topic
    packages: Packages
    tokens: Tokens


@cache
def dependencies() -> Dependencies:
    """Made once a container."""
    settings = Settings.from_environment()
    return Dependencies(
        records=Records(settings.table_name),
        topic=Topic(settings.topic_arn),
        packages=Packages(),
        tokens=Tokens(),
    )


@observed
def handler(event: dict[str, Any], context: object) -> None:
    """``{"plan", "package", "token"}``: store the token, ask, and go on at once where somebody has decided already."""
    use, plan, package = dependencies(), read_plan(event["plan"]), event["package"]
    use.records.put(waiting(package, event["token"], plan.execution, int(time.time())))
    use.topic.publish(*request_message(plan, package))
    status, reason = use.packages.approval(package)
    logger.info(settle_approval(package, status, reason, use.records, use.tokens))
